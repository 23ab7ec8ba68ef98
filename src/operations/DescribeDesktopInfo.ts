import { Type } from 'typebox';
import { type DesktopListRow, listDesktops } from '../catalogue/desktops.ts';
import type { DesktopStatus } from '../catalogue/schema.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { flag, IGNORED, RegionId, texts } from './schema.ts';
import { toMinute } from './times.ts';

const STATUSES = ['Stopped', 'Starting', 'Running', 'Stopping', 'Deleted', 'Pending'] as const;
/** There are fewer desktops. */
const ALL = 1_000_000_000;

export const DescribeDesktopInfo = operation({
  name: 'DescribeDesktopInfo',
  kind: 'read',
  summary: 'Gives the status of desktops, in short, newest first.',
  parameters: Type.Object({
    RegionId,
    DesktopId: Type.Optional(
      texts(
        'Only these, deleted ones too; unknown ids are left out. All that are not deleted if not given.',
        100,
      ),
    ),
    NeedExtraInfo: flag(IGNORED),
  }),
  response: Type.Object({
    Desktops: Type.Array(
      Type.Object({
        DesktopId: Type.String(),
        DesktopStatus: Type.Enum([...STATUSES, 'Failed', 'Expired']),
        ConnectionStatus: Type.Enum(['Connected', 'Disconnected', 'Unknown']),
        ManagementFlag: Type.Array(Type.Enum(['Migrating', 'Updating', 'NoFlag'])),
        StartTime: Type.Optional(Type.String({ description: 'To the minute.' })),
      }),
    ),
  }),
  errors: ['InvalidRegionId.NotFound'],
  resources: ({ DesktopId: ids }) => namedOrAll('desktop', ids),
  async run(services, { RegionId: regionId, DesktopId: ids }) {
    requireRegion(services, regionId);
    const statuses: readonly DesktopStatus[] | undefined = ids === undefined ? undefined : STATUSES;
    const page = { after: null, limit: ALL };
    const rows = await listDesktops(services.catalogue.db, { regionId, ids, statuses }, page);
    return { Desktops: rows.map(view) };
  },
});

function view(row: DesktopListRow) {
  return {
    DesktopId: row.id,
    DesktopStatus: row.status,
    ConnectionStatus: 'Unknown' as const,
    ManagementFlag: ['NoFlag' as const],
    ...(row.started_at === null ? {} : { StartTime: toMinute(row.started_at) }),
  };
}
