/** The bundles that desktops are made of: those of the settings, and those made here, which can be deleted. */
import { Button, Card, Empty, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { listed, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { Failure } from '../failure.tsx';
import { type Say, useText } from '../preferences.tsx';
import { BundleDialog } from './bundle-dialog.tsx';
import { type Bundle, type Image, useBundles } from './types.ts';

export function Bundles({ images }: { readonly images: readonly Image[] }) {
  const say = useText();
  const [making, setMaking] = useState(false);
  const [doomed, setDoomed] = useState<Bundle>();
  const found = useBundles();
  return (
    <section aria-label={say('bundles')}>
      <Card
        title={<h2 className="name">{say('bundles')}</h2>}
        extra={<Button onClick={() => setMaking(true)}>{say('newBundle')}</Button>}
      >
        <div className="stack">
          <p className="quiet">{say('bundlesLead')}</p>
          {found.error === null ? null : <Failure error={found.error} />}
          <Table<Bundle>
            className="scrolls"
            size="middle"
            rowKey="BundleId"
            dataSource={[...(found.data ?? [])]}
            loading={found.isPending}
            pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
            locale={{ emptyText: found.isPending ? ' ' : <Empty description={say('noMatch')} /> }}
            columns={columns(say, setDoomed)}
          />
        </div>
      </Card>
      {making ? (
        <BundleDialog images={images} bundles={found.data ?? []} onClose={() => setMaking(false)} />
      ) : null}
      {doomed === undefined ? null : <DeleteBundle bundle={doomed} onClose={() => setDoomed(undefined)} />}
    </section>
  );
}

function columns(say: Say, onDelete: (bundle: Bundle) => void): TableColumnsType<Bundle> {
  return [
    {
      title: say('name'),
      key: 'name',
      render: (_, one) => (
        <>
          {one.BundleName}
          <div className="quiet">{one.BundleId}</div>
        </>
      ),
    },
    { title: say('image'), key: 'image', render: (_, one) => one.ImageName ?? '–' },
    {
      title: say('machine'),
      key: 'machine',
      width: 170,
      render: (_, { DesktopTypeAttribute: { CpuCount: cpus, MemorySize: memory } }) =>
        say('machineOf', { cpus, memory }),
    },
    {
      title: say('disks'),
      key: 'disks',
      width: 170,
      render: (_, one) =>
        one.Disks.map((disk) => (
          <div key={disk.DiskType}>
            {say('diskOf', {
              disk: say(disk.DiskType === 'SYSTEM' ? 'systemDisk' : 'dataDisk'),
              size: disk.DiskSize,
            })}
          </div>
        )),
    },
    {
      title: say('kind'),
      key: 'kind',
      width: 130,
      render: (_, one) => say(one.BundleType === 'SYSTEM' ? 'ofSettings' : 'ofRequest'),
    },
    {
      title: say('actions'),
      key: 'actions',
      width: 100,
      render: (_, one) =>
        one.BundleType === 'SYSTEM' ? null : (
          <Button size="small" danger onClick={() => onDelete(one)}>
            {say('delete')}
          </Button>
        ),
    },
  ];
}

function DeleteBundle({ bundle, onClose }: { readonly bundle: Bundle; onClose(): void }) {
  const say = useText();
  const write = useWrite(onClose);
  return (
    <Confirm
      open
      title={say('deleteBundle', { name: bundle.BundleName })}
      okText={say('delete')}
      busy={write.isPending}
      error={write.error}
      onYes={() =>
        write.mutate({ action: 'DeleteBundles', parameters: listed('BundleId', [bundle.BundleId]) })
      }
      onNo={onClose}
    >
      <span>{say('deleteBundleAbout')}</span>
    </Confirm>
  );
}
