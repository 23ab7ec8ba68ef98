import { type Static, Type } from 'typebox';
import { EcdError } from '../errors.ts';
import { localText, OUTLOOK_DAYS, type Outlook, outlook } from '../policies/outlook.ts';
import { requirePolicy } from '../policies/policies.ts';
import { requireRegion } from './checks.ts';
import { operation } from './operation.ts';
import { CronExpression, DiskType, RetentionDays } from './policy-parameters.ts';
import { all, made, named } from './resources.ts';
import { int32, RegionId, text } from './schema.ts';
import { toSecond } from './times.ts';

const DEFAULT_RETENTION_DAYS = 7;
const count = (description: string) => Type.Integer({ format: 'int32', description });

const Run = Type.Object({
  Time: Type.String({ description: 'UTC.' }),
  LocalTime: Type.String({ description: 'What a clock in TimeZone shows then, as 2026-11-25T02:00:00.' }),
});

const Day = Type.Object({
  Day: Type.String({ description: 'As 2026-11-25, in TimeZone.' }),
  Made: count('Snapshots made.'),
  Deleted: count('Snapshots deleted.'),
  Held: count('Automatic snapshots at its end.'),
});

const Event = Type.Object({
  Time: Type.String({ description: 'UTC.' }),
  LocalTime: Type.String({ description: 'The same in TimeZone.' }),
  Action: Type.Enum(['make', 'delete']),
  DesktopId: Type.Optional(Type.String({ description: 'Absent if no desktop has the policy.' })),
  DiskType: Type.Enum(['SYSTEM', 'DATA']),
  SnapshotName: Type.String(),
  SnapshotId: text('Of a snapshot that is there now.'),
  Reason: text('Of a deletion.'),
});

export const PreviewAutoSnapshotPolicy = operation({
  name: 'PreviewAutoSnapshotPolicy',
  kind: 'read',
  summary:
    'Says when an automatic snapshot policy, one that is there or one that is thought of, runs next, and what it makes and deletes in 30 days.',
  parameters: Type.Object({
    RegionId,
    PolicyId: text('The policy; what is sent beside it stands in the place of what it has.'),
    CronExpression: Type.Optional(CronExpression),
    RetentionDays: Type.Optional(RetentionDays),
    DiskType,
  }),
  response: Type.Object({
    TimeZone: Type.String({ description: 'Of the settings: the schedule is read in it.' }),
    StartTime: Type.String(),
    EndTime: Type.String({
      description: `${OUTLOOK_DAYS} days later; less for a schedule that runs every few minutes.`,
    }),
    Runs: Type.Array(Run, { description: 'The next ten.' }),
    DesktopNum: count('How many desktops have the policy.'),
    PreviewedDesktopNum: count('Of how many of them the rest is.'),
    Days: Type.Array(Day),
    EventCount: count('Snapshots made and deleted.'),
    Events: Type.Array(Event, { description: 'In their order; the first 1,000.' }),
    MaxAutoPerDesktop: int32('How many automatic snapshots a desktop may have.'),
  }),
  errors: [
    'InvalidCronExpression.Malformed',
    'InvalidRetentionDays.Malformed',
    'InvalidRegionId.NotFound',
    'InvalidAutoSnapshotPolicyId.NotFound',
  ],
  // It names snapshots of whatever desktops have the policy.
  resources: ({ PolicyId: id }) =>
    id === undefined ? made('snapshotpolicy') : [...named('snapshotpolicy', id), ...all('snapshot')],
  alsoShows: ({ PolicyId: id }) => (id === undefined ? [] : all('desktop')),
  async run(services, asked) {
    requireRegion(services, asked.RegionId);
    const { catalogue, settings, clock } = services;
    const policy =
      asked.PolicyId === undefined
        ? undefined
        : await requirePolicy(catalogue.db, asked.RegionId, asked.PolicyId);
    const cronExpression = asked.CronExpression ?? policy?.cron_expression;
    if (cronExpression === undefined) throw new EcdError('MissingParameter', { parameter: 'CronExpression' });
    const wanted = {
      policyId: policy?.id ?? null,
      cronExpression,
      retentionDays: asked.RetentionDays ?? policy?.retention_days ?? DEFAULT_RETENTION_DAYS,
      disks: asked.DiskType ?? policy?.disk_type ?? 'ALL',
    };
    const found = await outlook(catalogue.db, settings.policies, wanted, clock());
    return { ...view(found), MaxAutoPerDesktop: settings.policies.maxAutoPerDesktop };
  },
});

function view({ zone, from, to, runs, ...rest }: Outlook) {
  const at = (ms: number) => ({ Time: toSecond(ms), LocalTime: localText(zone, ms) });
  return {
    TimeZone: zone.name,
    StartTime: toSecond(from),
    EndTime: toSecond(to),
    Runs: runs.map(at),
    DesktopNum: rest.desktops,
    PreviewedDesktopNum: rest.shown,
    Days: rest.days.map(({ day, made, deleted, held }) => ({
      Day: day,
      Made: made,
      Deleted: deleted,
      Held: held,
    })),
    EventCount: rest.eventCount,
    Events: rest.events.map(
      (event): Static<typeof Event> => ({
        ...at(event.at),
        Action: event.action,
        ...(event.desktopId === '' ? {} : { DesktopId: event.desktopId }),
        DiskType: event.diskType === 'system' ? 'SYSTEM' : 'DATA',
        SnapshotName: event.name,
        ...(event.snapshotId === null ? {} : { SnapshotId: event.snapshotId }),
        ...(event.reason === '' ? {} : { Reason: event.reason }),
      }),
    ),
  };
}
