/** How a request is signed, step by step. */
import { Typography } from 'antd';
import { CodeBlock } from '../code-block.tsx';
import { useText } from '../preferences.tsx';
import type { Signed, Steps } from '../signer.ts';

export function SignatureSteps({ made, sent }: { readonly made: Steps | Signed; readonly sent: boolean }) {
  const say = useText();
  return (
    <div className="stack">
      <Typography.Text>{say(sent ? 'stepsSent' : 'stepsOf')}</Typography.Text>
      <Step title={say('stepCanonical')} about={say('stepCanonicalText')} text={made.canonicalRequest} />
      <Step title={say('stepString')} about={say('stepStringText')} text={made.stringToSign} />
      <Step
        title={say('stepSignature')}
        about={say('stepSignatureText')}
        text={'signature' in made ? made.signature : say('signInToSend')}
      />
    </div>
  );
}

function Step({
  title,
  about,
  text,
}: {
  readonly title: string;
  readonly about: string;
  readonly text: string;
}) {
  return (
    <div>
      <h3>{title}</h3>
      <p>{about}</p>
      <CodeBlock text={text} label={title} />
    </div>
  );
}
