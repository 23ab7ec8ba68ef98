/**
 * `openecd policy preview`: what an automatic snapshot policy will make and delete. It reads the catalogue and changes
 * nothing; the service may run or not.
 */
import { DataDir } from '../data-dir.ts';
import { systemClock } from '../ids.ts';
import { type Forecast, forecast } from '../policies/forecast.ts';
import { DAY_MS } from '../policies/retention.ts';
import { dateText, parseTimeZone, type TimeZone } from '../policies/time-zone.ts';
import { defaultSettings, readSettings } from '../settings.ts';
import { type Command, DATA_OPTION, JSON_OPTION, type Output } from './command.ts';
import { withCatalogue } from './key.ts';
import { instantText, printJson, printTable } from './output.ts';

const DAYS = 30;

export const policyPreview: Command = {
  options: {
    data: DATA_OPTION,
    policy: { type: 'string', required: true, value: 'ID', help: 'the automatic snapshot policy, sp-...' },
    config: { type: 'string', value: 'FILE', help: 'the settings file of the service, if it has one' },
    json: JSON_OPTION,
  },
  details: `The next ${DAYS} days, by the rules the service itself follows, if every snapshot succeeds and nothing is changed.
--json lists each snapshot with its time and the reason of each deletion.`,
  async run(args, { stdout }) {
    const dir = DataDir.open(args.need('data'), { create: false });
    const file = args.text('config');
    const settings = (file === undefined ? defaultSettings() : readSettings(file)).policies;
    const cast = await withCatalogue(dir, (catalogue) =>
      forecast(catalogue.db, settings, args.need('policy'), systemClock(), DAYS),
    );
    if (args.flag('json')) printJson(stdout, asJson(cast, settings.timeZone));
    else show(stdout, cast, parseTimeZone(settings.timeZone));
    return 0;
  },
};

function asJson({ policy, from, to, desktops, events }: Forecast, timeZone: string) {
  return {
    PolicyId: policy.id,
    PolicyName: policy.name,
    CronExpression: policy.cron_expression,
    RetentionDays: policy.retention_days,
    DiskType: policy.disk_type,
    TimeZone: timeZone,
    From: instantText(from),
    To: instantText(to),
    Desktops: desktops.map((desktop) => desktop.id),
    Events: events.map((event) => ({
      Time: instantText(event.at),
      Action: event.action,
      DesktopId: event.desktopId,
      DiskType: event.diskType.toUpperCase(),
      SnapshotName: event.name,
      ...(event.snapshotId === null ? {} : { SnapshotId: event.snapshotId }),
      ...(event.reason === '' ? {} : { Reason: event.reason }),
    })),
  };
}

/** In steps shorter than the shortest day, so that none is left out where the clock is put forward. */
function daysOf({ from, to }: Forecast, zone: TimeZone): Set<string> {
  const days = new Set<string>();
  for (let at = from; at < to; at += DAY_MS / 4) days.add(dateText(zone, at));
  return days.add(dateText(zone, to));
}

function show(out: Output, cast: Forecast, zone: TimeZone): void {
  const { policy, desktops, events } = cast;
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
  const kept = `snapshots are kept for ${count(policy.retention_days, 'day')}`;
  out.write(
    `${policy.id} ${policy.name}: ${policy.cron_expression} (${zone.name}), ${policy.disk_type}, ${kept}\n` +
      `It has ${count(desktops.length, 'desktop')}.\n\n`,
  );
  if (desktops.length === 0) return;
  let held = desktops.reduce((sum, desktop) => sum + desktop.snapshots.length, 0);
  const byDay = Map.groupBy(events, (event) => dateText(zone, event.at));
  const table = [['day', 'made', 'deleted', 'then there']];
  for (const day of daysOf(cast, zone)) {
    const own = byDay.get(day) ?? [];
    const made = own.filter((event) => event.action === 'make').length;
    held += made - (own.length - made);
    table.push([day, String(made), String(own.length - made), String(held)]);
  }
  printTable(out, table);
  const gone = events.filter((event) => event.snapshotId !== null);
  if (gone.length === 0) return;
  out.write('\nOf the snapshots there are now these go:\n');
  for (const event of gone) out.write(`  ${instantText(event.at)}  ${event.snapshotId}  ${event.reason}\n`);
}
