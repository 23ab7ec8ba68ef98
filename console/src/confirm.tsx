/** Asks before something is done that cannot be taken back by itself. What went wrong is said in the dialog. */
import { Modal } from 'antd';
import { type ReactNode, useId } from 'react';
import { Failure } from './failure.tsx';
import { useText } from './preferences.tsx';

interface Props {
  readonly open: boolean;
  readonly title: string;
  readonly okText: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly busy?: boolean;
  readonly width?: number;
  readonly error?: Error | null;
  /** The id of what has the focus first; else the button that changes nothing has it. */
  readonly focus?: string;
  readonly children: ReactNode;
  onYes(): void;
  onNo(): void;
}

export function Confirm(props: Props) {
  const say = useText();
  const { open, title, okText, danger = true, disabled = false, busy = false, error = null } = props;
  const cancelId = useId();
  const first = props.focus ?? cancelId;
  return (
    <Modal
      open={open}
      destroyOnHidden
      {...(props.width === undefined ? {} : { width: props.width })}
      title={title}
      okText={okText}
      cancelText={say('cancel')}
      confirmLoading={busy}
      okButtonProps={{ danger, disabled }}
      cancelButtonProps={{ id: cancelId }}
      afterOpenChange={(shown) => shown && document.getElementById(first)?.focus()}
      onOk={props.onYes}
      onCancel={props.onNo}
    >
      <div className="stack">
        {props.children}
        {error === null ? null : <Failure error={error} />}
      </div>
    </Modal>
  );
}
