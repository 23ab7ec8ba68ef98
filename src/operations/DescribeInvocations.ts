import { type Static, Type } from 'typebox';
import {
  type InvocationRow,
  type InvokedDesktopRow,
  invokedDesktops,
  listInvocations,
  overallStatus,
} from '../catalogue/invocations.ts';
import { pageOf, pageRequest, scopeOf } from '../catalogue/listing.ts';
import { requireRegion } from './checks.ts';
import { type Encoding, encodingOf, recode } from './command-text.ts';
import { operation } from './operation.ts';
import { namedOrAll } from './resources.ts';
import { choice, flag, MaxResults, NextToken, NextTokenGiven, RegionId, text, texts } from './schema.ts';
import { toSecond } from './times.ts';

const DesktopResult = Type.Object({
  DesktopId: Type.String(),
  DesktopName: Type.String(),
  InvocationStatus: Type.String({ description: 'Pending, Running, Success, Failed or Stopped.' }),
  CreationTime: Type.String(),
  StartTime: Type.Optional(Type.String()),
  FinishTime: Type.Optional(Type.String()),
  UpdateTime: Type.String({ description: 'Of the last change of its status.' }),
  StopTime: Type.Optional(Type.String()),
  ExitCode: Type.Optional(Type.Integer({ format: 'int64' })),
  Output: Type.Optional(Type.String({ description: 'If asked for, in the encoding asked for.' })),
  Dropped: Type.Integer({ format: 'int32', description: 'Bytes of the output that were not kept.' }),
  Repeats: Type.Integer({ format: 'int32' }),
  ErrorCode: Type.String(),
  ErrorInfo: Type.String(),
});

const InvocationView = Type.Object({
  InvokeId: Type.String(),
  CommandType: Type.String(),
  CommandContent: Type.String({ description: 'In the encoding asked for.' }),
  InvocationStatus: Type.String({
    description: 'Pending, Running, Success, Failed, PartialFailed or Stopped.',
  }),
  CreationTime: Type.String(),
  EndUserId: Type.Optional(Type.String()),
  InvokeDesktopCount: Type.Integer({ format: 'int32' }),
  InvokeDesktopSucceedCount: Type.Integer({ format: 'int32' }),
  InvokeDesktops: Type.Optional(Type.Array(DesktopResult)),
});

const parameters = Type.Object({
  RegionId,
  InvokeId: text('Only this one; an unknown id gives an empty list.'),
  CommandType: Type.Optional(
    choice(['RunShellScript', 'RunPowerShellScript', 'RunBatScript'], 'Only those of this type.'),
  ),
  InvokeStatus: Type.Optional(
    choice(
      ['Running', 'Finished', 'Failed', 'PartialFailed', 'Stopped'],
      'Only those in this status: Running holds those that are Pending, too; Finished are those that are shown as Success.',
    ),
  ),
  DesktopId: text('Only those on this desktop.'),
  IncludeOutput: flag('Give the outputs; false if not given.'),
  ContentEncoding: Type.Optional(
    choice(['Base64', 'PlainText'], 'How contents and outputs are written; Base64 if not given.'),
  ),
  MaxResults,
  NextToken,
  EndUserId: text('Only those run as this user.'),
  DesktopIds: Type.Optional(texts('Only those on one of these desktops.', 500)),
  IncludeInvokeDesktops: flag('Give what became of it on each desktop; true if not given.'),
});

interface Style {
  /** Only these desktops are shown: the caller may have rights on no others. */
  readonly only: readonly string[] | undefined;
  readonly encoding: Encoding;
  readonly desktops: boolean;
  readonly output: boolean;
}

export const DescribeInvocations = operation({
  name: 'DescribeInvocations',
  kind: 'read',
  summary: 'Lists what RunCommand started, newest first, with status and output.',
  parameters,
  response: Type.Object({ NextToken: NextTokenGiven, Invocations: Type.Array(InvocationView) }),
  errors: ['InvalidRegionId.NotFound', 'InvalidMaxResults', 'InvalidNextToken'],
  // The desktops named are the only ones shown, so rights on them are enough.
  resources: ({ DesktopId: id, DesktopIds: ids }) => namedOrAll('desktop', id, ids),
  async run(services, { MaxResults: maxResults, NextToken: token, ...asked }) {
    requireRegion(services, asked.RegionId);
    const scope = () => scopeOf('DescribeInvocations', asked);
    const page = pageRequest(scope, maxResults, token);
    const { DesktopId: one, DesktopIds: several } = asked;
    const named = one === undefined ? several : (several?.filter((id) => id === one) ?? [one]);
    const style: Style = {
      only: named,
      encoding: asked.ContentEncoding ?? 'Base64',
      desktops: asked.IncludeInvokeDesktops ?? true,
      output: asked.IncludeOutput ?? false,
    };
    const { db } = services.catalogue;
    const rows = await listInvocations(
      db,
      {
        regionId: asked.RegionId,
        id: asked.InvokeId,
        type: asked.CommandType,
        // The documents call the same thing so in the request and Success in the answer, for which Terraform waits.
        status: asked.InvokeStatus === 'Finished' ? 'Success' : asked.InvokeStatus,
        endUserId: asked.EndUserId,
        desktopIds: named,
      },
      page,
    );
    const { items, nextToken } = pageOf(rows, page.limit, scope, (row) => [row.created_at, row.id]);
    const results = await invokedDesktops(
      db,
      items.map((row) => row.id),
      style.desktops && style.output,
    );
    return {
      ...(nextToken === null ? {} : { NextToken: nextToken }),
      Invocations: items.map((row) => view(row, results.get(row.id) ?? [], style)),
    };
  },
});

function view(
  row: InvocationRow,
  results: readonly InvokedDesktopRow[],
  style: Style,
): Static<typeof InvocationView> {
  const shown =
    style.only === undefined ? results : results.filter((r) => style.only!.includes(r.desktop_id));
  return {
    InvokeId: row.id,
    CommandType: row.type,
    CommandContent: recode(row.content, encodingOf(row.content_encoding), style.encoding),
    InvocationStatus: overallStatus(results.map((result) => result.status)),
    CreationTime: toSecond(row.created_at),
    ...(row.end_user_id === '' ? {} : { EndUserId: row.end_user_id }),
    InvokeDesktopCount: results.length,
    InvokeDesktopSucceedCount: results.filter((result) => result.status === 'Success').length,
    ...(style.desktops ? { InvokeDesktops: shown.map((result) => resultView(result, style)) } : {}),
  };
}

function resultView(row: InvokedDesktopRow, style: Style): Static<typeof DesktopResult> {
  const finished = row.finished_at === null ? undefined : toSecond(row.finished_at);
  return {
    DesktopId: row.desktop_id,
    DesktopName: row.desktop_name ?? '',
    InvocationStatus: row.status,
    CreationTime: toSecond(row.created_at),
    ...(row.started_at === null ? {} : { StartTime: toSecond(row.started_at) }),
    ...(finished === undefined ? {} : { FinishTime: finished }),
    UpdateTime: finished ?? toSecond(row.started_at ?? row.created_at),
    ...(row.status === 'Stopped' && finished !== undefined ? { StopTime: finished } : {}),
    ...(row.exit_code === null ? {} : { ExitCode: row.exit_code }),
    ...(style.output ? { Output: outputOf(row, style.encoding) } : {}),
    Dropped: row.dropped,
    Repeats: 0,
    ErrorCode: row.error_code,
    ErrorInfo: row.error_info,
  };
}

function outputOf({ output }: InvokedDesktopRow, encoding: Encoding): string {
  return Buffer.from(output ?? []).toString(encoding === 'Base64' ? 'base64' : 'utf8');
}
