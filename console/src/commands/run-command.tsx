/** Runs a script inside a desktop and shows what it wrote, as text. */
import { Button, Card, Input, Select } from 'antd';
import { useId, useState } from 'react';
import { type Desktop, useWrite } from '../api.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import { CommandResult } from './command-result.tsx';

const TYPES = ['RunShellScript', 'RunPowerShellScript', 'RunBatScript'];

export function RunCommand({ desktop }: { readonly desktop: Desktop }) {
  const say = useText();
  const id = useId();
  const [type, setType] = useState(TYPES[0]!);
  const [script, setScript] = useState('');
  const [invokeId, setInvokeId] = useState<string>();
  const write = useWrite((answer) => setInvokeId(String((answer as { InvokeId: string }).InvokeId)));
  const ready = script.trim() !== '' && desktop.DesktopStatus === 'Running';
  const run = () => {
    if (!ready || write.isPending) return;
    setInvokeId(undefined);
    const parameters = {
      'DesktopId.1': desktop.DesktopId,
      Type: type,
      CommandContent: script,
      ContentEncoding: 'PlainText',
    };
    write.mutate({ action: 'RunCommand', parameters });
  };
  return (
    <section aria-label={say('runCommand')}>
      <Card
        title={<h2 className="name">{say('runCommand')}</h2>}
        extra={
          <div className="row">
            <Select
              className="filter script"
              aria-label={say('runBy')}
              value={type}
              onChange={setType}
              options={TYPES.map((value) => ({ value, label: value }))}
            />
            <Button type="primary" disabled={!ready} loading={write.isPending} onClick={run}>
              {say('run')}
            </Button>
          </div>
        }
      >
        <div className="stack">
          <div>
            <label htmlFor={id}>{say('script')}</label>
            <Input.TextArea
              id={id}
              className="typed"
              autoSize={{ minRows: 2, maxRows: 12 }}
              spellCheck={false}
              value={script}
              onChange={(event) => setScript(event.target.value)}
              onKeyDown={(event) => (event.ctrlKey || event.metaKey) && event.key === 'Enter' && run()}
            />
            <div className="quiet">{say('runAbout')}</div>
          </div>
          {write.error === null ? null : <Failure error={write.error} />}
          {invokeId === undefined ? null : (
            <CommandResult key={invokeId} invokeId={invokeId} desktopId={desktop.DesktopId} />
          )}
        </div>
      </Card>
    </section>
  );
}
