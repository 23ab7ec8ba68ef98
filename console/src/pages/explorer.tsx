/** The API Explorer: every operation that the service describes, each with an address of its own. */
import { Link, useParams } from '@tanstack/react-router';
import { Card, Empty, Input, Skeleton, theme } from 'antd';
import { useState } from 'react';
import type { Docs } from '../described.ts';
import { OperationForm } from '../explorer/operation-form.tsx';
import { Failure } from '../failure.tsx';
import { useDocs } from '../metadata.ts';
import { useText } from '../preferences.tsx';

export function ExplorerStart() {
  const say = useText();
  return <Explorer action={undefined} hint={say('chooseOperation')} />;
}

export function ExplorerOperation() {
  const { action } = useParams({ from: '/explorer/$action' });
  return <Explorer action={action} hint={undefined} />;
}

function Explorer({
  action,
  hint,
}: {
  readonly action: string | undefined;
  readonly hint: string | undefined;
}) {
  const say = useText();
  const docs = useDocs();
  if (docs.error !== null && docs.data === undefined) {
    return (
      <div className="page">
        <Failure error={docs.error} />
      </div>
    );
  }
  const api = action === undefined ? undefined : docs.data?.apis[action];
  return (
    <div className="page">
      <h1>{say('explorer')}</h1>
      {say('englishOnly') === '' ? null : <p>{say('englishOnly')}</p>}
      <div className="explorer">
        <Card size="small">{docs.data === undefined ? <Skeleton active /> : <Index docs={docs.data} />}</Card>
        {docs.data === undefined ? (
          <Card>
            <Skeleton active paragraph={{ rows: 12 }} />
          </Card>
        ) : action === undefined || api === undefined ? (
          <Card>
            <Empty description={hint ?? say('pageMissing')} />
          </Card>
        ) : (
          // Another operation begins with an empty form.
          <OperationForm key={action} action={action} api={api} />
        )}
      </div>
    </div>
  );
}

function Index({ docs }: { readonly docs: Docs }) {
  const say = useText();
  const { token } = theme.useToken();
  const [wanted, setWanted] = useState('');
  const fits = (name: string) => name.toLowerCase().includes(wanted.trim().toLowerCase());
  const groups = docs.directories
    .map(({ title, children }) => ({ title, names: children.filter(fits) }))
    .filter(({ names }) => names.length > 0);
  return (
    <nav aria-label={say('operations')}>
      <Input
        allowClear
        aria-label={say('search')}
        placeholder={say('search')}
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      <div className="index">
        {groups.length === 0 ? <p>{say('noMatch')}</p> : null}
        {groups.map(({ title, names }) => (
          <section key={title}>
            <h2>{title}</h2>
            {names.map((name) => (
              <Link
                key={name}
                to="/explorer/$action"
                params={{ action: name }}
                style={{ color: token.colorText }}
                activeProps={{ style: { color: token.colorLink, background: token.colorFillSecondary } }}
              >
                {name}
              </Link>
            ))}
          </section>
        ))}
      </div>
    </nav>
  );
}
