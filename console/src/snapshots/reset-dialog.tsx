/** Brings a disk back to a snapshot, after it has said what would be lost. */
import { Checkbox } from 'antd';
import { useState } from 'react';
import { type Desktop, type DiskType, type Snapshot, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { unheldBytes } from '../disks/layers.ts';
import { useDisks } from '../disks/use-disks.ts';
import { size, useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';

interface Props {
  readonly target: Snapshot | undefined;
  readonly desktop: Desktop | undefined;
  /** How many snapshots of the disk are newer. */
  readonly later: number;
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
      {desktop === undefined ? null : <Unheld desktopId={desktop.DesktopId} type={target.SourceDiskType} />}
      <span>{later === 0 ? say('resetKeepsAll') : say('resetKeeps', { count: later })}</span>
      <span>{say('resetFirst')}</span>
      {runs ? (
        <Checkbox checked={stop} onChange={(event) => setStop(event.target.checked)}>
          {say('resetStops')}
        </Checkbox>
      ) : null}
    </Confirm>
  );
}

/** How much of what is lost no snapshot has. */
function Unheld({ desktopId, type }: { readonly desktopId: string; readonly type: DiskType }) {
  const say = useText();
  const disk = useDisks(desktopId).data?.Disks.find((one) => one.DiskType === type);
  const bytes = disk === undefined ? null : unheldBytes(disk);
  // The line is there from the beginning, so that nothing moves.
  return (
    <span>{bytes === null ? say('resetUnheldUnknown') : say('resetUnheld', { size: size(bytes) })}</span>
  );
}
