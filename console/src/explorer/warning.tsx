/** Asks before something is sent that changes the service. */
import { Modal } from 'antd';
import { CodeBlock } from '../code-block.tsx';
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
    <Modal
      open={open}
      title={say('warnTitle', { action })}
      okText={action}
      cancelText={say('cancel')}
      okButtonProps={{ danger: true }}
      cancelButtonProps={{ autoFocus: true }}
      onOk={onYes}
      onCancel={onNo}
    >
      <p>{say(lines.length === 0 ? 'warnNone' : 'warnText')}</p>
      {lines.length === 0 ? null : <CodeBlock text={lines.join('\n')} label={say('parameters')} />}
    </Modal>
  );
}
