/** Operations without anything behind them, to try the door in tests. */
import { Type } from 'typebox';
import { EcdError } from '../../errors.ts';
import { type Operation, operation } from '../../operations/operation.ts';

const snapshot = Type.Object({
  SnapshotId: Type.String(),
  SnapshotName: Type.String(),
  SourceDiskSize: Type.String(),
  RemainTime: Type.Integer(),
});

/** Gives its parameters back, whatever their kind. */
const echo = operation({
  name: 'DescribeEcho',
  kind: 'read',
  summary: 'Gives its parameters back.',
  parameters: Type.Object({
    RegionId: Type.String(),
    SnapshotName: Type.Optional(Type.String({ maxLength: 128 })),
    SnapshotId: Type.Optional(Type.Array(Type.String(), { maxItems: 100 })),
    Tag: Type.Optional(
      Type.Array(Type.Object({ Key: Type.String(), Value: Type.Optional(Type.String()) }), { maxItems: 20 }),
    ),
    MaxResults: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 100, 'x-error': 'InvalidMaxResults' }),
    ),
  }),
  response: Type.Object({ Echo: Type.Unknown() }),
  errors: ['InvalidMaxResults'],
  run: async (_services, parameters) => ({ Echo: parameters }),
});

const describeSnapshots = operation({
  name: 'DescribeSnapshots',
  kind: 'read',
  summary: 'Twenty snapshots.',
  parameters: Type.Object({ RegionId: Type.String(), MaxResults: Type.Optional(Type.Integer()) }),
  response: Type.Object({ Snapshots: Type.Array(snapshot) }),
  errors: [],
  run: async () => ({
    Snapshots: Array.from({ length: 20 }, (_, i) => ({
      SnapshotId: `s-${i}`,
      SnapshotName: 'name',
      SourceDiskSize: '150',
      RemainTime: -1,
    })),
  }),
});

const create = operation({
  name: 'CreateSnapshot',
  kind: 'write',
  summary: 'Makes nothing.',
  parameters: Type.Object({
    RegionId: Type.String(),
    SnapshotName: Type.String({ minLength: 2, maxLength: 128, 'x-error': 'InvalidSnapshotName.Malformed' }),
  }),
  response: Type.Object({ SnapshotId: Type.String() }),
  errors: ['InvalidSnapshotName.Malformed'],
  run: async () => ({ SnapshotId: 's-11111111111111111111' }),
});

/** Fails with whatever EcdError code it is given, or with no EcdError at all. */
const fail = operation({
  name: 'FailAs',
  kind: 'write',
  summary: 'Fails.',
  parameters: Type.Object({ As: Type.String() }),
  response: Type.Object({}),
  errors: [],
  run: async (_services, parameters) => {
    const as = (parameters as { As: string }).As;
    if (as === 'bug') throw new TypeError('a secret of the machinery');
    throw new EcdError(as as 'OperationConflict', { reason: 'a reset is under way', command: 'quit', ms: 5 });
  },
});

export const toyOperations: ReadonlyMap<string, Operation> = new Map(
  [echo, describeSnapshots, create, fail].map((o) => [o.name, o]),
);
