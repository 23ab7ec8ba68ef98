/** The images that desktops start from, and the bundles made of them. */
import { Button, Card, Empty, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { Failure } from '../failure.tsx';
import { useTime } from '../formats.ts';
import { Bundles } from '../images/bundles.tsx';
import { DeleteImage, RenameImage } from '../images/image-dialogs.tsx';
import { type Image, useImages } from '../images/types.ts';
import '../pages.css';
import { type Say, useText } from '../preferences.tsx';
import { Signed } from '../signed.tsx';

export function Images() {
  return (
    <Signed>
      <List />
    </Signed>
  );
}

interface Asked {
  readonly what: 'rename' | 'delete';
  readonly image: Image;
}

function List() {
  const say = useText();
  const time = useTime();
  const [asked, setAsked] = useState<Asked>();
  const found = useImages();
  const close = () => setAsked(undefined);
  return (
    <div className="page stack">
      <h1>{say('images')}</h1>
      <p>{say('imagesLead')}</p>
      {found.error === null ? null : <Failure error={found.error} />}
      <section aria-label={say('images')}>
        <Card size="small">
          <Table<Image>
            className="scrolls"
            rowKey="ImageId"
            dataSource={[...(found.data ?? [])]}
            loading={found.isPending}
            pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
            locale={{ emptyText: found.isPending ? ' ' : <Empty description={say('noImages')} /> }}
            columns={columns(say, time, setAsked)}
          />
        </Card>
      </section>
      <Bundles images={found.data ?? []} />
      {asked?.what === 'rename' ? <RenameImage image={asked.image} onClose={close} /> : null}
      {asked?.what === 'delete' ? <DeleteImage image={asked.image} onClose={close} /> : null}
    </div>
  );
}

function columns(
  say: Say,
  time: (text: string) => string,
  ask: (asked: Asked) => void,
): TableColumnsType<Image> {
  return [
    {
      title: say('name'),
      key: 'name',
      render: (_, one) => (
        <>
          {one.Name}
          <div className="quiet">{one.Description === '' ? one.ImageId : one.Description}</div>
        </>
      ),
    },
    {
      title: say('system'),
      key: 'system',
      width: 150,
      render: (_, one) => `${one.OsType === 'WINDOWS' ? 'Windows' : 'Linux'} (${one.Platform})`,
    },
    {
      title: say('imageSize'),
      key: 'size',
      width: 90,
      align: 'right',
      render: (_, one) => `${one.Size} GiB`,
    },
    { title: say('status'), key: 'status', width: 150, render: (_, one) => <Status image={one} /> },
    { title: say('when'), key: 'when', width: 200, render: (_, one) => time(one.CreationTime) },
    {
      title: say('actions'),
      key: 'actions',
      width: 220,
      render: (_, image) => (
        <div className="row">
          <Button size="small" onClick={() => ask({ what: 'rename', image })}>
            {say('rename')}
          </Button>
          <Button size="small" danger onClick={() => ask({ what: 'delete', image })}>
            {say('delete')}
          </Button>
        </div>
      ),
    },
  ];
}

function Status({ image }: { readonly image: Image }) {
  const say = useText();
  if (image.Status === 'Available') return say('ready');
  if (image.Status === 'CreateFailed') return say('makeFailed');
  return (
    <span className="row">
      <progress
        aria-label={say('making')}
        className="progress"
        max={100}
        value={Number.parseInt(image.Progress, 10)}
      />
      {image.Progress}
    </span>
  );
}
