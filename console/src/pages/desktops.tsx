/** The desktops of a region: search, filter, state, screen, disks, last snapshot; start, stop, reboot, delete. */
import { Link } from '@tanstack/react-router';
import { Button, Card, Empty, Input, Select, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { type Desktop, type Snapshot, useCall } from '../api.ts';
import { call } from '../client.ts';
import { DesktopActions } from '../desktops/actions.tsx';
import { CreateDesktops } from '../desktops/create-dialog.tsx';
import { isChanging, State } from '../desktops/state.tsx';
import { Failure } from '../failure.tsx';
import { useTime } from '../formats.ts';
import { type Say, useText } from '../preferences.tsx';
import { Thumbnail } from '../screen/thumbnail.tsx';
import { Signed } from '../signed.tsx';
import type { Parameters } from '../signer.ts';
import { stateName } from '../status-names.ts';

const STATES = ['Running', 'Stopped', 'Starting', 'Stopping', 'Pending'];
const PAGE_SIZE = 20;
const AGAIN_MS = 10_000;
const SOON_MS = 1500;
const SNAPSHOT_AGAIN_MS = 30_000;

interface Found {
  readonly Desktops: readonly Desktop[];
  readonly TotalCount: number;
}

export function Desktops() {
  return (
    <Signed>
      <List />
    </Signed>
  );
}

/** What is typed is an id or a part of a name. */
function filters(text: string, state: string): Parameters {
  const wanted = text.trim();
  return {
    ...(wanted === ''
      ? {}
      : /^ecd-/.test(wanted)
        ? { 'DesktopId.1': wanted }
        : { DesktopName: `*${wanted}*` }),
    ...(state === '' ? {} : { DesktopStatus: state }),
  };
}

function List() {
  const say = useText();
  const [text, setText] = useState('');
  const [state, setState] = useState('');
  const [page, setPage] = useState(1);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [making, setMaking] = useState(false);
  const asked = { ...filters(text, state), PageNumber: String(page), PageSize: String(PAGE_SIZE) };
  const found = useCall<Found>(
    'DescribeDesktops',
    asked,
    (credentials, all) => call(credentials, 'DescribeDesktops', all),
    (data) => (data?.Desktops.some((one) => isChanging(one.DesktopStatus)) ? SOON_MS : AGAIN_MS),
  );
  const desktops = found.data?.Desktops ?? [];
  const narrow = (change: () => void) => {
    change();
    setPage(1);
    setChosen([]);
  };
  return (
    <div className="page stack">
      <div className="row spread">
        <h1>{say('desktops')}</h1>
        <Button type="primary" onClick={() => setMaking(true)}>
          {say('newDesktops')}
        </Button>
      </div>
      {found.error === null ? null : <Failure error={found.error} />}
      <Card size="small">
        <div className="stack">
          <div className="row spread">
            <div className="row">
              <Input
                allowClear
                className="search"
                aria-label={say('searchDesktops')}
                placeholder={say('searchDesktops')}
                value={text}
                onChange={(event) => narrow(() => setText(event.target.value))}
              />
              <Select
                className="filter"
                aria-label={say('state')}
                value={state}
                onChange={(value) => narrow(() => setState(value))}
                options={['', ...STATES].map((one) => ({
                  value: one,
                  label: one === '' ? say('anyState') : stateName(say, one),
                }))}
              />
            </div>
            <DesktopActions
              chosen={desktops.filter((one) => chosen.includes(one.DesktopId))}
              onDone={() => setChosen([])}
            />
          </div>
          <Table<Desktop>
            className="scrolls"
            size="middle"
            rowKey="DesktopId"
            dataSource={desktops}
            loading={found.isPending}
            rowSelection={{
              selectedRowKeys: [...chosen],
              onChange: (keys) => setChosen(keys.map(String)),
              getTitleCheckboxProps: () => ({ 'aria-label': say('chooseAll') }),
              getCheckboxProps: (one) => ({ 'aria-label': say('choose', { name: one.DesktopName }) }),
            }}
            pagination={{
              current: page,
              pageSize: PAGE_SIZE,
              total: found.data?.TotalCount ?? 0,
              hideOnSinglePage: true,
              showSizeChanger: false,
              onChange: setPage,
            }}
            locale={{
              emptyText: found.isPending ? (
                ' '
              ) : (
                <Nothing say={say} all={text === '' && state === ''} make={() => setMaking(true)} />
              ),
            }}
            columns={columns(say)}
          />
        </div>
      </Card>
      {making ? <CreateDesktops onClose={() => setMaking(false)} /> : null}
    </div>
  );
}

function Nothing({ say, all, make }: { readonly say: Say; readonly all: boolean; make(): void }) {
  if (!all) return <Empty description={say('noMatch')} />;
  return (
    <Empty description={say('noDesktops')}>
      <Button onClick={make}>{say('newDesktops')}</Button>
    </Empty>
  );
}

function columns(say: Say): TableColumnsType<Desktop> {
  return [
    {
      title: say('screen'),
      key: 'screen',
      width: 150,
      render: (_, one) => <Thumbnail desktop={one} />,
    },
    {
      title: say('name'),
      key: 'name',
      render: (_, one) => (
        <>
          <Link to="/desktops/$desktopId" params={{ desktopId: one.DesktopId }}>
            {one.DesktopName}
          </Link>
          <div className="quiet">{one.DesktopId}</div>
        </>
      ),
    },
    {
      title: say('state'),
      key: 'state',
      width: 120,
      render: (_, one) => <State status={one.DesktopStatus} />,
    },
    {
      title: say('machine'),
      key: 'machine',
      width: 150,
      render: (_, one) => (
        <>
          {say('machineOf', { cpus: one.Cpu, memory: one.Memory })}
          <div className="quiet">{one.NetworkInterfaceIp}</div>
        </>
      ),
    },
    {
      title: say('disks'),
      key: 'disks',
      width: 170,
      render: (_, one) =>
        one.Disks.map((disk) => (
          <div key={disk.DiskId}>
            {say('diskOf', {
              disk: say(disk.DiskType === 'SYSTEM' ? 'systemDisk' : 'dataDisk'),
              size: disk.DiskSize,
            })}
          </div>
        )),
    },
    {
      title: say('lastSnapshot'),
      key: 'snapshot',
      width: 220,
      render: (_, one) => <LastSnapshot desktopId={one.DesktopId} />,
    },
  ];
}

function LastSnapshot({ desktopId }: { readonly desktopId: string }) {
  const say = useText();
  const time = useTime();
  const found = useCall<{ Snapshots: readonly Snapshot[] }>(
    'DescribeSnapshots',
    { DesktopId: desktopId, MaxResults: '1' },
    (credentials, all) => call(credentials, 'DescribeSnapshots', all),
    () => SNAPSHOT_AGAIN_MS,
  );
  const last = found.data?.Snapshots[0];
  if (found.data === undefined) return <span>&nbsp;</span>;
  return <span>{last === undefined ? say('none') : time(last.CreationTime)}</span>;
}
