/**
 * One operation: its form, and beside it the request, its signature, the answer and sample code.
 *
 * Invariant: what changes the service is sent only after the user has seen operation and parameters and said yes.
 */
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Card, Radio, Tabs, Tag } from 'antd';
import { useMemo, useState } from 'react';
import { send, signNow } from '../client.ts';
import { CodeBlock } from '../code-block.tsx';
import type { Api } from '../described.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';
import { SIGNATURES, type SignatureKind } from '../signature.ts';
import type { Credentials } from '../signer.ts';
import { AnswerView } from './answer-view.tsx';
import { ErrorsOf } from './errors-of.tsx';
import { Field } from './field.tsx';
import { requestText } from './request-text.ts';
import { SampleCode } from './sample-code.tsx';
import { SignatureSteps } from './signature-steps.tsx';
import { useSteps } from './use-steps.ts';
import { Warning } from './warning.tsx';
import { flatten } from './wire-parameters.ts';

type Format = 'JSON' | 'XML';

export function OperationForm({ action, api }: { readonly action: string; readonly api: Api }) {
  const say = useText();
  const { credentials, regionId } = useSession();
  const [form, setForm] = useState<Readonly<Record<string, string>>>({});
  const [format, setFormat] = useState<Format>('JSON');
  const [kind, setKind] = useState<SignatureKind>('ACS3-HMAC-SHA256');
  const [tab, setTab] = useState('request');
  const [asking, setAsking] = useState(false);
  const values = useMemo(() => ({ RegionId: regionId, ...form }), [form, regionId]);
  const { parameters, faults } = useMemo(() => flatten(api.parameters, values), [api, values]);
  const planned = useSteps(credentials, action, parameters, format, kind);
  const sending = useMutation({
    mutationFn: async (by: Credentials) => {
      const signed = await signNow(by, action, parameters, format, kind);
      return { signed, answer: await send(signed) };
    },
    onMutate: () => setTab('answer'),
  });
  const change = (name: string, value: string) => {
    setForm({ ...form, [name]: value });
    sending.reset();
  };
  const shown = sending.data?.signed ?? planned;
  const start = () => {
    setAsking(false);
    if (credentials !== null) sending.mutate(credentials);
  };
  const writes = api.operationType === 'write';
  const notYet = isSecureContext ? null : <p>{say('insecureTitle')}</p>;
  const sorted = [...api.parameters].sort((a, b) => Number(b.schema.required) - Number(a.schema.required));
  return (
    <div className="operation">
      <Card>
        <div className="row">
          <h2 className="name">{action}</h2>
          <Tag>{say(writes ? 'writes' : 'reads')}</Tag>
        </div>
        <p>{api.summary}</p>
        {sorted.length === 0 ? <p>{say('noParameters')}</p> : null}
        {sorted.map((parameter) => (
          <Field
            key={parameter.name}
            parameter={parameter}
            value={values[parameter.name as keyof typeof values] ?? ''}
            fault={faults[parameter.name]}
            onChange={(value) => change(parameter.name, value)}
          />
        ))}
        <div className="row send">
          <Radio.Group
            aria-label={say('signatureMethod')}
            optionType="button"
            options={[...SIGNATURES]}
            value={kind}
            onChange={(event) => {
              setKind(event.target.value as SignatureKind);
              sending.reset();
            }}
          />
          <Radio.Group
            aria-label={say('format')}
            optionType="button"
            options={['JSON', 'XML']}
            value={format}
            onChange={(event) => {
              setFormat(event.target.value as Format);
              sending.reset();
            }}
          />
          {credentials === null ? (
            <Link to="/sign-in">{say('signInToSend')}</Link>
          ) : (
            <Button
              type="primary"
              loading={sending.isPending}
              disabled={Object.keys(faults).length > 0}
              onClick={writes ? () => setAsking(true) : start}
            >
              {say(writes ? 'tryIt' : 'send')}
            </Button>
          )}
        </div>
        <ErrorsOf api={api} />
        <Warning
          open={asking}
          action={action}
          parameters={parameters}
          onYes={start}
          onNo={() => setAsking(false)}
        />
      </Card>
      <Card>
        <Tabs
          activeKey={tab}
          onChange={setTab}
          items={[
            {
              key: 'request',
              label: say('request'),
              children:
                shown === undefined ? notYet : <CodeBlock text={requestText(shown)} label={say('request')} />,
            },
            {
              key: 'signature',
              label: say('signature'),
              children:
                shown === undefined ? (
                  notYet
                ) : (
                  <SignatureSteps made={shown} kind={kind} sent={sending.data !== undefined} />
                ),
            },
            {
              key: 'answer',
              label: say('answer'),
              children:
                sending.error !== null ? (
                  <Failure error={sending.error} />
                ) : sending.data === undefined ? (
                  <p>{say('noAnswer')}</p>
                ) : (
                  <AnswerView answer={sending.data.answer} />
                ),
            },
            {
              key: 'samples',
              label: say('samples'),
              children: <SampleCode action={action} parameters={parameters} />,
            },
          ]}
        />
      </Card>
    </div>
  );
}
