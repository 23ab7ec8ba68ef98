/** How a request is signed, step by step. */
import { Typography } from 'antd';
import { CodeBlock } from '../code-block.tsx';
import { useText } from '../preferences.tsx';
import type { SignatureKind } from '../signature.ts';
import type { Signed, Steps } from '../signer.ts';
import type { TextName } from '../texts/en.ts';

/** Title and explanation of each step. */
const STEPS: Readonly<Record<SignatureKind, readonly (readonly [TextName, TextName])[]>> = {
  'ACS3-HMAC-SHA256': [
    ['stepCanonical', 'stepCanonicalText'],
    ['stepString', 'stepStringText'],
    ['stepSignature', 'stepSignatureText'],
  ],
  'HMAC-SHA1': [
    ['stepCanonicalV1', 'stepCanonicalV1Text'],
    ['stepString', 'stepStringV1Text'],
    ['stepSignature', 'stepSignatureV1Text'],
  ],
};

interface Props {
  readonly made: Steps | Signed;
  readonly kind: SignatureKind;
  readonly sent: boolean;
}

export function SignatureSteps({ made, kind, sent }: Props) {
  const say = useText();
  const texts = [
    made.canonicalRequest,
    made.stringToSign,
    'signature' in made ? made.signature : say('signInToSend'),
  ];
  return (
    <div className="stack">
      <Typography.Text>{say(sent ? 'stepsSent' : 'stepsOf')}</Typography.Text>
      {STEPS[kind].map(([title, about], at) => (
        <Step key={title} title={say(title)} about={say(about)} text={texts[at]!} />
      ))}
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
