/** Asks before something is done that cannot be taken back by itself. What went wrong is said in the dialog. */
import { Modal } from 'antd';
import type { ReactNode } from 'react';
import { Failure } from './failure.tsx';
import { useText } from './preferences.tsx';

interface Props {
  readonly open: boolean;
  readonly title: string;
  readonly okText: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly busy?: boolean;
  readonly error?: Error | null;
  readonly children: ReactNode;
  onYes(): void;
  onNo(): void;
}

export function Confirm(props: Props) {
  const say = useText();
  const { open, title, okText, danger = true, disabled = false, busy = false, error = null } = props;
  return (
    <Modal
      open={open}
      destroyOnHidden
      title={title}
      okText={okText}
      cancelText={say('cancel')}
      confirmLoading={busy}
      okButtonProps={{ danger, disabled }}
      cancelButtonProps={{ autoFocus: danger }}
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
