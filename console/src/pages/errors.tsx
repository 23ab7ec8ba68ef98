/** The error centre: every code, one code with what to do, and the way from a pasted answer to its code. */
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Alert, Button, Card, Input, Skeleton, Table } from 'antd';
import { useState } from 'react';
import type { ListedError } from '../described.ts';
import { Decision } from '../errors/decision.tsx';
import { ErrorDetail } from '../errors/error-detail.tsx';
import { find } from '../errors/find.ts';
import { textOf } from '../errors/texts.ts';
import { Failure } from '../failure.tsx';
import { useErrors } from '../metadata.ts';
import { usePreferences, useText } from '../preferences.tsx';
import { readError } from '../read-error.ts';

export function Errors() {
  const say = useText();
  const { q, requestId } = useSearch({ from: '/errors' });
  const errors = useErrors();
  if (errors.data === undefined)
    return (
      <div className="page">
        {errors.error === null ? <Skeleton active /> : <Failure error={errors.error} />}
      </div>
    );
  const found = q === undefined ? undefined : find(errors.data, q);
  return (
    <div className="page stack">
      <h1>{say('errors')}</h1>
      <Paste />
      {q === undefined && requestId === undefined ? (
        <All errors={errors.data} />
      ) : (
        <>
          {q === undefined ? null : found === undefined ? (
            <Alert
              type="warning"
              showIcon
              title={say('unknownCode', { code: q })}
              description={say('unknownCodeText')}
            />
          ) : (
            <ErrorDetail code={q} found={found} />
          )}
          {requestId === undefined ? null : <Decision requestId={requestId} />}
          <Link to="/errors">{say('backToAll')}</Link>
        </>
      )}
    </div>
  );
}

function Paste() {
  const say = useText();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [unreadable, setUnreadable] = useState(false);
  const explain = () => {
    const error = readError(text);
    setUnreadable(error === undefined);
    if (error === undefined) return;
    const { code, requestId } = error;
    const search = {
      ...(code === undefined ? {} : { q: code }),
      ...(requestId === undefined ? {} : { requestId }),
    };
    void navigate({ to: '/errors', search });
  };
  return (
    <Card size="small" title={<label htmlFor="paste">{say('pasteLabel')}</label>}>
      <div className="stack">
        <Input.TextArea
          id="paste"
          rows={3}
          spellCheck={false}
          value={text}
          placeholder={say('pasteHint')}
          onChange={(event) => {
            setText(event.target.value);
            setUnreadable(false);
          }}
        />
        <div className="row">
          <Button type="primary" disabled={text.trim() === ''} onClick={explain}>
            {say('explain')}
          </Button>
          <span role="status">{unreadable ? say('pasteUnreadable') : ''}</span>
        </div>
      </div>
    </Card>
  );
}

function All({ errors }: { readonly errors: readonly ListedError[] }) {
  const say = useText();
  const { language } = usePreferences();
  const [wanted, setWanted] = useState('');
  const word = wanted.trim().toLowerCase();
  const rows = errors
    .map((one) => ({ ...one, ...textOf(one, language) }))
    .filter((one) => `${one.code} ${one.message} ${one.causes}`.toLowerCase().includes(word));
  return (
    <Card size="small" title={say('allErrors')}>
      <div className="stack">
        <p>{say('errorsLead')}</p>
        <Input
          allowClear
          aria-label={say('search')}
          placeholder={say('search')}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <Table<ListedError>
          className="scrolls"
          size="small"
          rowKey="code"
          dataSource={rows}
          pagination={false}
          locale={{ emptyText: say('noMatch') }}
          columns={[
            {
              title: say('code'),
              dataIndex: 'code',
              width: 340,
              render: (code: string) => (
                <Link to="/errors" search={{ q: code }}>
                  {code}
                </Link>
              ),
            },
            { title: 'HTTP', dataIndex: 'status', width: 70 },
            { title: say('message'), dataIndex: 'message', width: 320 },
            { title: say('causes'), dataIndex: 'causes' },
          ]}
        />
      </div>
    </Card>
  );
}
