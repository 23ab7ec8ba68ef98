/**
 * Its name is no `Describe...`: policies that allow all of these were written before it was there, and must not open the
 * audit log to those who may look at desktops.
 */
import { type Static, Type } from 'typebox';
import { type AuditRow, listAudit } from '../catalogue/audit-list.ts';
import { AUDIT_RESOURCE, auditFacts } from '../catalogue/audit-rows.ts';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { refused, requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { all } from './resources.ts';
import { MaxResults, NextToken, NextTokenGiven, RegionId, text } from './schema.ts';
import { fromSecond, SECOND_MS } from './times.ts';

const AuditEventView = Type.Object({
  EventTime: Type.String({ description: 'When it was answered, to the millisecond.' }),
  EventRequestId: Type.String({ description: 'Of what a policy did: an id of its own.' }),
  AccessKeyId: Type.String({
    description: 'As claimed; proved when UserName is not empty. Empty when a policy or a command did it.',
  }),
  UserName: Type.String({
    description:
      'Empty when nobody has proved who they are; who made the policy; of a command, the user of the operating system.',
  }),
  Operation: Type.String({ description: 'Empty when no known operation was asked for.' }),
  Kind: Type.String({ description: 'read or write.' }),
  Resources: Type.Array(Type.String(), { description: 'What it acts on, as policies name it.' }),
  SourceAddress: Type.String({ description: 'Empty when a policy did it; local: a command on the server.' }),
  Status: Type.Integer({ format: 'int32', description: 'The HTTP status.' }),
  Result: Type.String({ description: 'OK, or the code of the refusal.' }),
  DurationMs: Type.Number(),
  PolicyId: text('The policy that did it by itself.'),
  Reason: text('Why a policy deleted a snapshot, or could not make one; the status that a key was given.'),
});

export const GetAuditEvents = operation({
  name: 'GetAuditEvents',
  kind: 'read',
  summary:
    'Lists what the audit log says of requests, of policies, and of commands on users and keys, newest first.',
  parameters: Type.Object({
    RegionId,
    EventRequestId: text('Only the request that was answered with this RequestId.'),
    Resource: text('Only those of the newest 20,000 that act on this, as policies name it: desktop/ID.'),
    StartTime: text('Only those answered at or after this time: yyyy-MM-ddTHH:mm:ssZ.'),
    EndTime: text('Only those answered at or before this time: yyyy-MM-ddTHH:mm:ssZ.'),
    MaxResults,
    NextToken,
  }),
  response: Type.Object({ NextToken: NextTokenGiven, AuditEvents: Type.Array(AuditEventView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken', 'InvalidParameter'],
  resources: () => all('audit'),
  async run(services, { MaxResults: maxResults, NextToken: token, ...filters }) {
    const { EventRequestId: requestId, Resource: resource } = filters;
    if (resource !== undefined && !AUDIT_RESOURCE.test(resource)) throw refused('Resource', 'Use KIND/ID.');
    requireRegion(services, filters.RegionId);
    const from = filters.StartTime === undefined ? undefined : fromSecond('StartTime', filters.StartTime);
    const to = filters.EndTime === undefined ? undefined : fromSecond('EndTime', filters.EndTime);
    const scope = () => scopeOf('GetAuditEvents', filters);
    const page = pageRequest(scope, maxResults, token);
    const found = await listAudit(
      services.catalogue.db,
      // A time shown as that second belongs to it whole.
      { requestId, resource, from, to: to === undefined ? undefined : to + SECOND_MS - 1 },
      page,
    );
    const { items, nextToken } = pageOf(found, page.limit, scope, (row) => [row.at, row.place]);
    return { ...(nextToken === null ? {} : { NextToken: nextToken }), AuditEvents: items.map(view) };
  },
});

function view(row: AuditRow): Static<typeof AuditEventView> {
  return {
    EventTime: new Date(row.at).toISOString(),
    EventRequestId: row.request_id,
    ...auditFacts(row),
    Result: row.code,
  };
}
