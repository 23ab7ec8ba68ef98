import { type Static, Type } from 'typebox';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { listPolicies, type PolicyListRow } from '../catalogue/policies.ts';
import { parseCron } from '../policies/cron.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { MaxResults, NextToken, NextTokenGiven, RegionId, text } from './schema.ts';
import { toSecond } from './times.ts';

const PolicyView = Type.Object({
  PolicyId: Type.String(),
  PolicyName: Type.String(),
  RegionId: Type.String(),
  CronExpression: Type.String(),
  TimePoints: Type.String({
    description: 'The hours of its runs as JSON text, in the time zone of the settings.',
  }),
  RetentionDays: Type.String(),
  DiskType: Type.String({ description: 'SYSTEM, DATA or ALL.' }),
  Status: Type.Enum(['Normal', 'Expire'], { description: 'All policies here are Normal.' }),
  DesktopNum: Type.Integer({ format: 'int32', description: 'How many desktops have it.' }),
  CreationTime: Type.String(),
});

export const DescribeAutoSnapshotPolicy = operation({
  name: 'DescribeAutoSnapshotPolicy',
  kind: 'read',
  summary: 'Lists automatic snapshot policies, newest first.',
  parameters: Type.Object({
    RegionId,
    PolicyId: text('Only this one; an unknown id gives an empty list.'),
    PolicyName: text('Only those of this name; * stands for any part of it.'),
    MaxResults,
    NextToken,
  }),
  response: Type.Object({ NextToken: NextTokenGiven, AutoSnapshotPolicies: Type.Array(PolicyView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  resources: ({ PolicyId: id }) => namedOrAll('snapshotpolicy', id),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    requireRegion(services, filters.RegionId);
    const scope = () => scopeOf('DescribeAutoSnapshotPolicy', filters);
    const page = pageRequest(scope, maxResults, token);
    const rows = await listPolicies(
      services.catalogue.db,
      { regionId: filters.RegionId, id: filters.PolicyId, name: filters.PolicyName },
      page,
    );
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    const policies = items.map(view);
    return { ...(nextToken === null ? {} : { NextToken: nextToken }), AutoSnapshotPolicies: policies };
  },
});

function view(row: PolicyListRow): Static<typeof PolicyView> {
  return {
    PolicyId: row.id,
    PolicyName: row.name,
    RegionId: row.region_id,
    CronExpression: row.cron_expression,
    TimePoints: JSON.stringify(parseCron(row.cron_expression).hours.map(String)),
    RetentionDays: String(row.retention_days),
    DiskType: row.disk_type,
    Status: 'Normal',
    DesktopNum: row.desktops,
    CreationTime: toSecond(row.created_at),
  };
}
