/** Asks before something is sent that changes the service. */
import { CodeBlock } from '../code-block.tsx';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import type { Parameters } from '../signer.ts';

interface Props {
  readonly open: boolean;
  readonly action: string;
  readonly parameters: Parameters;
  onYes(): void;
  onNo(): void;
}

export function Warning({ open, action, parameters, onYes, onNo }: Props) {
  const say = useText();
  const lines = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`);
  return (
    <Confirm open={open} title={say('warnTitle', { action })} okText={action} onYes={onYes} onNo={onNo}>
      <span>{say(lines.length === 0 ? 'warnNone' : 'warnText')}</span>
      {lines.length === 0 ? null : <CodeBlock text={lines.join('\n')} label={say('parameters')} />}
    </Confirm>
  );
}
