import { type Static, Type } from 'typebox';
import { type DiskStack, stacksOfDesktop } from '../catalogue/disk-stacks.ts';
import { imageById } from '../catalogue/images.ts';
import { stackOf } from '../catalogue/stacks.ts';
import { findDesktop } from '../desktops/rows.ts';
import type { Allocated } from '../disks/types.ts';
import { EcdError } from '../errors.ts';
import { requireRegion, toGib } from './checks.ts';
import { operation } from './operation.ts';
import { snapshotsOf } from './reached.ts';
import { named } from './resources.ts';
import { int64, RegionId, text } from './schema.ts';
import { toSecond } from './times.ts';

const Layer = Type.Object({
  Kind: Type.Enum(['IMAGE', 'BASE', 'FROZEN', 'ACTIVE', 'ASIDE'], {
    description:
      'IMAGE: the golden image, which many disks share. BASE: what snapshots were merged into. FROZEN: held by a snapshot and not merged yet. ACTIVE: the one that is written. ASIDE: left by a reset, until it is stored.',
  }),
  LayerId: text('Absent of an image.'),
  ImageId: text('Of an image.'),
  ImageName: text('Of an image.'),
  AllocatedBytes: int64('What it takes on the disk of the server; absent when it is not there.'),
  Stored: Type.Boolean({ description: 'The content of the stack up to here is in the vault.' }),
  Merging: Type.Boolean({ description: 'It is being merged into the base now.' }),
  FrozenTime: text('When it became immutable.'),
  Snapshots: Type.Array(
    Type.Object({
      SnapshotId: Type.String(),
      SnapshotName: Type.String(),
      SnapshotType: Type.Enum(['USER', 'AUTO']),
    }),
    { description: 'Those that hold the stack as it is up to here, newest first.' },
  ),
});

const Disk = Type.Object({
  DiskId: Type.String(),
  DiskType: Type.Enum(['SYSTEM', 'DATA']),
  DiskSize: Type.Integer({ format: 'int32', description: 'GiB, rounded up.' }),
  SizeBytes: Type.Integer({ format: 'int64' }),
  Layers: Type.Array(Layer, { description: 'Bottom first.' }),
});

type Layer = Static<typeof Layer>;

export const DescribeDisks = operation({
  name: 'DescribeDisks',
  kind: 'read',
  summary:
    "Shows the disks of a desktop as they lie on the server: each one's stack of layers, and what they take.",
  parameters: Type.Object({ RegionId, DesktopId: Type.String({ description: 'The desktop.' }) }),
  response: Type.Object({ Disks: Type.Array(Disk, { description: 'The system disk first.' }) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidDesktopId.NotFound'],
  resources: ({ DesktopId: id }) => named('desktop', id),
  alsoShows: ({ DesktopId: id }, services) => snapshotsOf(services, id),
  async run(services, { RegionId: regionId, DesktopId: desktopId }) {
    requireRegion(services, regionId);
    const { db } = services.catalogue;
    const desktop = await findDesktop(db, desktopId);
    if (desktop?.region_id !== regionId || desktop.status === 'Deleted')
      throw new EcdError('InvalidDesktopId.NotFound');
    const disks: Static<typeof Disk>[] = [];
    for (const stack of await stacksOfDesktop(db, desktopId)) {
      const { disk } = stack;
      const imageId = stack.layers[0]?.image_id ?? null;
      const image = imageId === null ? undefined : await imageById(db, imageId);
      disks.push({
        DiskId: disk.id,
        DiskType: disk.type === 'system' ? 'SYSTEM' : 'DATA',
        DiskSize: toGib(disk.size_bytes),
        SizeBytes: disk.size_bytes,
        Layers: layersOf(stack, await allocated(services.disks, stack), image?.name),
      });
    }
    return { Disks: disks };
  },
});

interface Taken {
  readonly image: number | null;
  readonly of: ReadonlyMap<string, number | null>;
}

async function allocated(
  disks: { allocated(stack: ReturnType<typeof stackOf>): Promise<Allocated> },
  { disk, layers, aside }: DiskStack,
): Promise<Taken> {
  const stack = stackOf(disk, layers);
  const ids = [...stack.layers, ...aside.map((layer) => layer.id)];
  const taken = await disks.allocated({ ...stack, layers: ids });
  return { image: taken.image, of: new Map(ids.map((id, at) => [id, taken.layers[at] ?? null])) };
}

function layersOf({ disk, layers, aside, snapshots }: DiskStack, taken: Taken, imageName?: string): Layer[] {
  const bytes = (count: number | null | undefined) => (count == null ? {} : { AllocatedBytes: count });
  const shown: Layer[] = [];
  const imageId = layers[0]?.image_id ?? null;
  if (imageId !== null) {
    const name = imageName === undefined ? {} : { ImageName: imageName };
    const common = { Kind: 'IMAGE' as const, ImageId: imageId, Stored: true, Merging: false, Snapshots: [] };
    shown.push({ ...common, ...name, ...bytes(taken.image) });
  }
  const settling = layers.findIndex((layer) => layer.id === disk.settling_layer);
  const show = (layer: DiskStack['layers'][number], kind: Layer['Kind'], merging: boolean) =>
    shown.push({
      Kind: kind,
      LayerId: layer.id,
      ...bytes(taken.of.get(layer.id)),
      Stored: layer.root !== null,
      Merging: merging,
      ...(layer.frozen_at === null ? {} : { FrozenTime: toSecond(layer.frozen_at) }),
      Snapshots: snapshots
        .filter((one) => one.layer_id === layer.id || (one.layer_id === null && one.root === layer.root))
        .map((one) => ({ SnapshotId: one.id, SnapshotName: one.name, SnapshotType: one.type })),
    });
  layers.forEach((layer, at) => {
    const kind = at === layers.length - 1 ? 'ACTIVE' : at === 0 ? 'BASE' : 'FROZEN';
    show(layer, kind, at > 0 && at <= settling);
  });
  for (const layer of aside) show(layer, 'ASIDE', false);
  return shown;
}
