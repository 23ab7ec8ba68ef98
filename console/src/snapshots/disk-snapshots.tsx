/** The snapshots of one disk as a time line, newest first: what each is, and what can be done with it. */
import { Button, Card, Empty, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import type { Desktop, DiskType, Snapshot } from '../api.ts';
import { size, useTime } from '../formats.ts';
import { MakeImage } from '../images/make-image.tsx';
import { type Say, useText } from '../preferences.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { ResetDialog } from './reset-dialog.tsx';
import { TakeDialog } from './take-dialog.tsx';
import { TimeLine } from './time-line.tsx';

interface Props {
  /** Undefined when it has been deleted: its snapshots are still there. */
  readonly desktop: Desktop | undefined;
  readonly type: DiskType;
  readonly snapshots: readonly Snapshot[];
}

export function DiskSnapshots({ desktop, type, snapshots }: Props) {
  const say = useText();
  const time = useTime();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [dialog, setDialog] = useState<'take' | 'delete'>();
  const [target, setTarget] = useState<Snapshot>();
  const [source, setSource] = useState<Snapshot>();
  const disk = desktop?.Disks.find((one) => one.DiskType === type);
  const name = say(type === 'SYSTEM' ? 'systemDisk' : 'dataDisk');
  const atRest = desktop !== undefined && ['Running', 'Stopped'].includes(desktop.DesktopStatus);
  const toDelete = snapshots.filter((one) => chosen.includes(one.SnapshotId));
  const close = () => setDialog(undefined);
  return (
    <section aria-label={name}>
      <Card
        title={<h2 className="name">{disk === undefined ? name : `${name} · ${disk.DiskSize} GiB`}</h2>}
        extra={
          <div className="row">
            <Button type="primary" disabled={!atRest || disk === undefined} onClick={() => setDialog('take')}>
              {say('take')}
            </Button>
            <Button danger disabled={toDelete.length === 0} onClick={() => setDialog('delete')}>
              {say('delete')}
            </Button>
          </div>
        }
      >
        <TimeLine snapshots={snapshots} />
        <Table<Snapshot>
          className="scrolls line"
          size="middle"
          rowKey="SnapshotId"
          dataSource={[...snapshots]}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          locale={{ emptyText: <Empty description={say('noSnapshots')} /> }}
          rowClassName={(one) => one.SnapshotType.toLowerCase()}
          rowSelection={{
            selectedRowKeys: [...chosen],
            onChange: (keys) => setChosen(keys.map(String)),
            getTitleCheckboxProps: () => ({ 'aria-label': say('chooseAll') }),
            getCheckboxProps: (one) => ({ 'aria-label': say('choose', { name: one.SnapshotName }) }),
          }}
          columns={columns(say, time, atRest ? setTarget : undefined, setSource)}
        />
        <TakeDialog open={dialog === 'take'} desktop={desktop} type={type} onClose={close} />
        <DeleteDialog
          open={dialog === 'delete'}
          snapshots={toDelete}
          onClose={close}
          onDone={() => setChosen([])}
        />
        {source === undefined ? null : <MakeImage snapshot={source} onClose={() => setSource(undefined)} />}
        <ResetDialog
          target={target}
          desktop={desktop}
          later={snapshots.filter(
            (one) =>
              target !== undefined && one.Status !== 'FAILED' && one.CreationTime > target.CreationTime,
          )}
          onClose={() => setTarget(undefined)}
        />
      </Card>
    </section>
  );
}

function columns(
  say: Say,
  time: (text: string) => string,
  reset: ((snapshot: Snapshot) => void) | undefined,
  makeImage: (snapshot: Snapshot) => void,
): TableColumnsType<Snapshot> {
  return [
    {
      title: say('when'),
      key: 'when',
      width: 210,
      render: (_, one) => <span className="point">{time(one.CreationTime)}</span>,
    },
    {
      title: say('name'),
      key: 'name',
      render: (_, one) => (
        <>
          {one.SnapshotName}
          <div className="quiet">{one.Description === '' ? one.SnapshotId : one.Description}</div>
        </>
      ),
    },
    {
      title: say('kind'),
      key: 'kind',
      width: 110,
      render: (_, one) => say(one.SnapshotType === 'AUTO' ? 'automatic' : 'manual'),
    },
    {
      title: say('consistency'),
      key: 'consistency',
      width: 180,
      render: (_, one) => (one.Consistency === undefined ? '' : say(one.Consistency)),
    },
    {
      title: say('added'),
      key: 'added',
      width: 110,
      render: (_, one) => (one.StoredBytes === undefined ? '' : size(one.StoredBytes)),
    },
    { title: say('status'), key: 'status', width: 150, render: (_, one) => <Progress snapshot={one} /> },
    {
      title: say('actions'),
      key: 'actions',
      width: 190,
      render: (_, one) => (
        <div className="row">
          <Button
            size="small"
            disabled={reset === undefined || one.Status !== 'ACCOMPLISHED'}
            onClick={() => reset?.(one)}
          >
            {say('reset')}
          </Button>
          {one.SourceDiskType === 'DATA' ? null : (
            <Button size="small" disabled={one.Status !== 'ACCOMPLISHED'} onClick={() => makeImage(one)}>
              {say('makeImage')}
            </Button>
          )}
        </div>
      ),
    },
  ];
}

function Progress({ snapshot }: { readonly snapshot: Snapshot }) {
  const say = useText();
  if (snapshot.Status === 'ACCOMPLISHED') return say('stored');
  if (snapshot.Status === 'FAILED') return say('snapshotFailed');
  return (
    <span className="row">
      <progress
        aria-label={say('storing')}
        className="progress"
        max={100}
        value={Number.parseInt(snapshot.Progress, 10)}
      />
      {snapshot.Progress}
      {snapshot.RemainTime < 0 ? null : (
        <span className="quiet">{say('timeLeft', { count: snapshot.RemainTime })}</span>
      )}
    </span>
  );
}
