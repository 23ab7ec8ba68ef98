/** Deletes snapshots, after it has named them. */
import { listed, type Snapshot, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';

interface Props {
  readonly open: boolean;
  readonly snapshots: readonly Snapshot[];
  onClose(): void;
  onDone(): void;
}

/** What DeleteSnapshot takes. */
const AT_ONCE = 100;

export function DeleteDialog({ open, snapshots, onClose, onDone }: Props) {
  const say = useText();
  const write = useWrite(() => {
    onDone();
    close();
  });
  const close = () => {
    write.reset();
    onClose();
  };
  const ids = snapshots.map((one) => one.SnapshotId);
  return (
    <Confirm
      open={open}
      title={say('deleteSnapshots', { count: snapshots.length })}
      okText={say('delete')}
      disabled={snapshots.length > AT_ONCE}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'DeleteSnapshot', parameters: listed('SnapshotId', ids) })}
      onNo={close}
    >
      {snapshots.length > AT_ONCE ? <strong>{say('atOnceMost', { most: AT_ONCE })}</strong> : null}
      <span>{say('deleteSnapshotsAbout')}</span>
      <ul className="codes">
        {snapshots.map((one) => (
          <li key={one.SnapshotId}>{one.SnapshotName}</li>
        ))}
      </ul>
    </Confirm>
  );
}
