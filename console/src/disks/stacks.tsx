/**
 * A desktop's disks as they lie on the server: each a stack of layers, drawn as one, the layer that is written on top.
 *
 * Invariant: it is a list, top first, which reads the same without the drawing.
 */
import { Card, theme } from 'antd';
import { Failure } from '../failure.tsx';
import { size } from '../formats.ts';
import { type Say, useText } from '../preferences.tsx';
import type { Disk, Layer } from './layers.ts';
import './stacks.css';
import { useDisks } from './use-disks.ts';

const NAMED = 2;

export function DiskStacks({ desktopId }: { readonly desktopId: string }) {
  const say = useText();
  const found = useDisks(desktopId);
  return (
    <section aria-label={say('stacks')}>
      <Card title={<h2 className="name">{say('stacks')}</h2>}>
        {found.error === null ? null : <Failure error={found.error} />}
        <div className="stacks">
          {found.data === undefined ? <div className="stack-waits" /> : null}
          {found.data?.Disks.map((disk) => (
            <Stack key={disk.DiskId} disk={disk} />
          ))}
        </div>
      </Card>
    </section>
  );
}

function Stack({ disk }: { readonly disk: Disk }) {
  const say = useText();
  const name = say(disk.DiskType === 'SYSTEM' ? 'systemDisk' : 'dataDisk');
  const inStack = disk.Layers.filter((layer) => layer.Kind !== 'ASIDE').toReversed();
  const aside = disk.Layers.filter((layer) => layer.Kind === 'ASIDE');
  return (
    <div>
      <h3>{`${name} · ${disk.DiskSize} GiB`}</h3>
      <ol className="layers" aria-label={name}>
        {[...inStack, ...aside].map((layer) => (
          <Shown key={layer.LayerId ?? layer.ImageId} layer={layer} />
        ))}
      </ol>
      {inStack.at(-1)?.Kind === 'IMAGE' ? null : <div className="quiet">{say('empty')}</div>}
    </div>
  );
}

function Shown({ layer }: { readonly layer: Layer }) {
  const say = useText();
  const { token } = theme.useToken();
  const { Kind: kind } = layer;
  const edge = {
    IMAGE: token.colorTextTertiary,
    BASE: token.colorPrimary,
    FROZEN: token.colorInfoBorder,
    ACTIVE: token.colorSuccess,
    ASIDE: token.colorWarning,
  }[kind];
  const facts = [
    ...(layer.AllocatedBytes === undefined ? [] : [say('onDisk', { size: size(layer.AllocatedBytes) })]),
    ...(kind === 'ACTIVE' ? [] : [say(layer.Stored ? 'inVault' : 'notInVault')]),
    ...(layer.Merging ? [say('merging')] : []),
  ];
  return (
    <li
      className={`layer ${kind.toLowerCase()}`}
      style={{ borderColor: token.colorBorder, borderLeftColor: edge, background: token.colorFillQuaternary }}
    >
      <strong>{say(`layer${kind}`)}</strong>
      {layer.ImageId === undefined ? null : <span> {layer.ImageName ?? layer.ImageId}</span>}
      <span className="quiet"> {say(`about${kind}`)}</span>
      <div className="quiet">{facts.join(' · ')}</div>
      {layer.Snapshots.length === 0 ? null : <div>{held(say, layer)}</div>}
    </li>
  );
}

function held(say: Say, { Snapshots: snapshots }: Layer): string {
  const names = snapshots
    .slice(0, NAMED)
    .map((one) => one.SnapshotName)
    .join(', ');
  const more = snapshots.length - NAMED;
  return say('holds', { names: more > 0 ? say('andMore', { names, count: more }) : names });
}
