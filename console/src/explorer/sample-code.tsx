/** The form's request as a program. Whose sample no test runs says so. */
import { Alert, Radio } from 'antd';
import { useState } from 'react';
import { CodeBlock } from '../code-block.tsx';
import { useText } from '../preferences.tsx';
import { SAMPLES } from '../samples/index.ts';
import type { Parameters } from '../signer.ts';

export function SampleCode({
  action,
  parameters,
}: {
  readonly action: string;
  readonly parameters: Parameters;
}) {
  const say = useText();
  const [name, setName] = useState(SAMPLES[0]!.name);
  const { make, run } = SAMPLES.find((one) => one.name === name)!;
  const text = make({ endpoint: location.origin, action, parameters });
  return (
    <div className="stack">
      <Radio.Group
        className="languages"
        aria-label={say('samples')}
        optionType="button"
        size="small"
        options={SAMPLES.map((one) => one.name)}
        value={name}
        onChange={(event) => setName(event.target.value as string)}
      />
      <span>{say('samplesText')}</span>
      {text === undefined ? (
        <Alert type="info" showIcon title={say('noSample', { action })} />
      ) : (
        <>
          {run === 'never' ? <Alert type="warning" showIcon title={say('neverRun')} /> : null}
          {run === 'full' ? <Alert type="info" showIcon title={say('fullRun')} /> : null}
          <CodeBlock text={text} label={name} wrap={false} />
        </>
      )}
    </div>
  );
}
