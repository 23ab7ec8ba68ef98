/** One desktop: its screen, its disks and the snapshots of each, commands, tags, events. */
import { Link, useParams } from '@tanstack/react-router';
import { Alert, Card, Skeleton } from 'antd';
import { allSnapshots, type Desktop, type DiskType, type Snapshot, useCall } from '../api.ts';
import { call } from '../client.ts';
import { RunCommand } from '../commands/run-command.tsx';
import { DesktopActions } from '../desktops/actions.tsx';
import { Events } from '../desktops/events.tsx';
import { isChanging, State } from '../desktops/state.tsx';
import { DiskStacks } from '../disks/stacks.tsx';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import { ScreenSection } from '../screen/screen-section.tsx';
import { Signed } from '../signed.tsx';
import { DiskSnapshots } from '../snapshots/disk-snapshots.tsx';
import { Tags } from '../tags/tags.tsx';

const AGAIN_MS = 10_000;
const SOON_MS = 1000;
const DISKS: readonly DiskType[] = ['SYSTEM', 'DATA'];

export function DesktopPage() {
  const { desktopId } = useParams({ from: '/desktops/$desktopId' });
  return (
    <Signed>
      <OneDesktop key={desktopId} desktopId={desktopId} />
    </Signed>
  );
}

function OneDesktop({ desktopId }: { readonly desktopId: string }) {
  const say = useText();
  const found = useCall<{ Desktops: readonly Desktop[] }>(
    'DescribeDesktops',
    { 'DesktopId.1': desktopId },
    (credentials, all) => call(credentials, 'DescribeDesktops', all),
    (data) => (isChanging(data?.Desktops[0]?.DesktopStatus ?? '') ? SOON_MS : AGAIN_MS),
  );
  const snapshots = useCall<readonly Snapshot[]>(
    'DescribeSnapshots',
    { DesktopId: desktopId },
    allSnapshots,
    (data) => (data?.some((one) => one.Status === 'PROGRESSING') ? SOON_MS : AGAIN_MS),
  );
  const error = found.error ?? snapshots.error;
  const desktop = found.data?.Desktops[0];
  const loaded = found.data !== undefined && snapshots.data !== undefined;
  const ofDisk = (type: DiskType) => snapshots.data?.filter((one) => one.SourceDiskType === type) ?? [];
  const shown = DISKS.filter(
    (type) => ofDisk(type).length > 0 || desktop?.Disks.some((disk) => disk.DiskType === type),
  );
  return (
    <div className="page stack">
      <Link to="/desktops">{say('backToDesktops')}</Link>
      <div className="row">
        <h1 className="name">{desktop?.DesktopName ?? desktopId}</h1>
        {desktop === undefined ? null : <State status={desktop.DesktopStatus} />}
        {desktop === undefined ? null : <span className="quiet">{desktopId}</span>}
        {desktop?.NetworkInterfaceIp === undefined ? null : (
          <span className="quiet">{desktop.NetworkInterfaceIp}</span>
        )}
        {desktop === undefined ? null : (
          <div className="to-the-end">
            <DesktopActions chosen={[desktop]} onDone={() => {}} />
          </div>
        )}
      </div>
      {error === null ? null : <Failure error={error} />}
      {!loaded && error === null ? (
        <Card>
          <Skeleton active paragraph={{ rows: 8 }} />
        </Card>
      ) : null}
      {loaded && desktop === undefined ? <Alert type="info" showIcon title={say('desktopGone')} /> : null}
      {loaded && desktop !== undefined ? <ScreenSection desktop={desktop} /> : null}
      {desktop === undefined ? null : <DiskStacks desktopId={desktopId} />}
      {loaded
        ? shown.map((type) => (
            <DiskSnapshots key={type} desktop={desktop} type={type} snapshots={ofDisk(type)} />
          ))
        : null}
      {loaded && desktop !== undefined ? (
        <>
          <RunCommand desktop={desktop} />
          <Tags desktop={desktop} />
          <Events desktopId={desktopId} />
        </>
      ) : null}
    </div>
  );
}
