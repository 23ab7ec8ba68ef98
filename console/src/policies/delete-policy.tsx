/** Deletes a policy, after it has said what becomes of its desktops and snapshots. */
import { listed, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import type { Policy } from './types.ts';

interface Props {
  readonly policy: Policy;
  onClose(): void;
  onDone(): void;
}

export function DeletePolicy({ policy, onClose, onDone }: Props) {
  const say = useText();
  const write = useWrite(onDone);
  return (
    <Confirm
      open
      title={say('deletePolicy', { name: policy.PolicyName })}
      okText={say('delete')}
      busy={write.isPending}
      error={write.error}
      onYes={() =>
        write.mutate({
          action: 'DeleteAutoSnapshotPolicy',
          parameters: listed('PolicyId', [policy.PolicyId]),
        })
      }
      onNo={onClose}
    >
      <span>{say('deletePolicyAbout', { count: policy.DesktopNum })}</span>
    </Confirm>
  );
}
