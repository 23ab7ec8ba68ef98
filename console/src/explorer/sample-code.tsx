/** The form's request as a program. Whose sample no test runs says so. */
import { Alert, Segmented } from 'antd';
import { useState } from 'react';
import { CodeBlock } from '../code-block.tsx';
import { useText } from '../preferences.tsx';
import { curlSample } from '../samples/curl.ts';
import { nodeSample } from '../samples/node.ts';
import { pythonSample } from '../samples/python.ts';
import { sdkNodeSample } from '../samples/sdk-node.ts';
import { sdkPythonSample } from '../samples/sdk-python.ts';
import type { Parameters } from '../signer.ts';

const SAMPLES = {
  curl: curlSample,
  'Node.js': nodeSample,
  Python: pythonSample,
  'SDK Node.js': sdkNodeSample,
  'SDK Python': sdkPythonSample,
} as const;
type Language = keyof typeof SAMPLES;
const NEVER_RUN: ReadonlySet<Language> = new Set(['SDK Python']);

export function SampleCode({
  action,
  parameters,
}: {
  readonly action: string;
  readonly parameters: Parameters;
}) {
  const say = useText();
  const [language, setLanguage] = useState<Language>('curl');
  const text = SAMPLES[language]({ endpoint: location.origin, action, parameters });
  return (
    <div className="stack">
      <div>
        <Segmented
          aria-label={say('samples')}
          options={Object.keys(SAMPLES) as Language[]}
          value={language}
          onChange={setLanguage}
        />
      </div>
      <span>{say('samplesText')}</span>
      {NEVER_RUN.has(language) ? <Alert type="warning" showIcon title={say('neverRun')} /> : null}
      <CodeBlock text={text} label={language} wrap={false} />
    </div>
  );
}
