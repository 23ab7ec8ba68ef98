/** Brings a disk back to a snapshot, after it has said what would be lost. */
import { Checkbox } from 'antd';
import { useState } from 'react';
import { type Desktop, type DiskType, type Snapshot, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { unheldBytes } from '../disks/layers.ts';
import { useDisks } from '../disks/use-disks.ts';
import { Failure } from '../failure.tsx';
import { size, useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';

interface Props {
  readonly target: Snapshot | undefined;
  readonly desktop: Desktop | undefined;
  /** The snapshots of the disk that are newer and can be reset to, or will be. */
  readonly later: readonly Snapshot[];
  onClose(): void;
}

export function ResetDialog({ target, desktop, later, onClose }: Props) {
  const say = useText();
  const time = useTime();
  const [stop, setStop] = useState(false);
  const close = () => {
    setStop(false);
    write.reset();
    onClose();
  };
  const write = useWrite(() => close());
  if (target === undefined) return null;
  const runs = desktop?.DesktopStatus === 'Running';
  const disk = say(target.SourceDiskType === 'SYSTEM' ? 'systemDisk' : 'dataDisk');
  const parameters = { SnapshotId: target.SnapshotId, ...(runs ? { StopDesktop: 'true' } : {}) };
  return (
    <Confirm
      open
      title={say('resetTitle', { name: target.SnapshotName })}
      okText={say('reset')}
      disabled={runs && !stop}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'ResetSnapshot', parameters })}
      onNo={close}
    >
      <strong>{say('resetLoses', { disk, time: time(target.CreationTime) })}</strong>
      {desktop === undefined ? null : <Lost desktop={desktop} type={target.SourceDiskType} later={later} />}
      <span>{later.length === 0 ? say('resetKeepsAll') : say('resetKeeps', { count: later.length })}</span>
      <span>{say('resetFirst')}</span>
      {runs ? (
        <Checkbox checked={stop} onChange={(event) => setStop(event.target.checked)}>
          {say('resetStops')}
        </Checkbox>
      ) : null}
    </Confirm>
  );
}

interface LostProps {
  readonly desktop: Desktop;
  readonly type: DiskType;
  readonly later: readonly Snapshot[];
}

/** How much is lost, in bytes, and how much of it no snapshot has: what the disk's files take, so far. */
function Lost({ desktop, type, later }: LostProps) {
  const say = useText();
  const found = useDisks(desktop.DesktopId);
  const disk = found.data?.Disks.find((one) => one.DiskType === type);
  const unheld = disk === undefined ? null : unheldBytes(disk);
  const held = later.reduce((sum, one) => sum + (one.ChangedBytes ?? 0), 0);
  // The lines are there from the beginning, so that nothing moves.
  const shown = (bytes: number) => (unheld === null ? '…' : size(bytes));
  return (
    <>
      {found.error === null ? null : <Failure error={found.error} />}
      <span>{say('resetBytes', { size: shown(held + (unheld ?? 0)), unheld: shown(unheld ?? 0) })}</span>
      {desktop.DesktopStatus === 'Running' ? <span>{say('resetRuns')}</span> : null}
    </>
  );
}
