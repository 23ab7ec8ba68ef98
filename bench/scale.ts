/**
 * A large catalogue: listing the snapshots of one desktop and starting the service must not grow with it. And how many
 * snapshots of Stopped desktops are taken a second, each one acknowledged and durable.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Catalogue } from '../src/catalogue/catalogue.ts';
import { ensureAdminKey } from '../src/cli/admin-key.ts';
import { type ClientKey, call } from '../src/cli/client.ts';
import { DataDir } from '../src/data-dir.ts';
import { describeError, EcdError } from '../src/errors.ts';
import { desktopId, fill, load, startBare } from './api.ts';
import { Bed, bundle, REGION } from './bed.ts';
import type { LoadTask } from './load.ts';
import { startService } from './memory.ts';
import type { PartContext } from './part.ts';
import { seconds, settleDisk, sleep, until } from './run.ts';
import { percentile } from './stats.ts';

const CONNECTIONS = 32;

export async function scale(context: PartContext): Promise<void> {
  await listing(context);
  await taking(context);
}

async function listing({ dir, quick, row, say }: PartContext): Promise<void> {
  const counts = quick ? [1000, 5000] : [10_000, 300_000];
  const lasts = quick ? 2 : 8;
  let smallP99 = 0;
  for (const count of counts) {
    const data = DataDir.open(join(dir, `l${count}`), { create: true });
    const catalogue = Catalogue.open(data.catalogue);
    await ensureAdminKey(data, catalogue);
    say(`${count} snapshots into the catalogue`);
    await fill(catalogue, count);
    await catalogue.close();
    const key = JSON.parse(readFileSync(data.adminKey, 'utf8')) as LoadTask['key'];
    await settleDisk();
    let service: Awaited<ReturnType<typeof startService>> | undefined;
    const starting = await seconds(async () => {
      service = await startService(data.path);
    });
    const bare = await startBare(key);
    try {
      const common = { key, seconds: lasts, connections: CONNECTIONS };
      const reference = await load({ ...common, url: bare.url, maxResults: 10 });
      const one = { maxResults: 10, desktopId: desktopId(7) };
      const result = await load({ ...common, url: service!.url, ...one });
      if (smallP99 === 0) smallP99 = result.p99;
      const large = count === counts.at(-1);
      row({
        what: `start of the service, 1,000 desktops and ${count} snapshots`,
        value: starting,
        unit: 's',
        ...(large ? { target: { most: 3 } } : {}),
      });
      row({
        what: `DescribeSnapshots of one desktop, MaxResults=10, ${count} in the catalogue`,
        value: result.perSecond,
        unit: 'requests/s',
        n: result.requests,
        ratio: { of: result.perSecond / reference.perSecond, to: 'the bare server' },
        note: `p50 ${result.p50.toFixed(1)} ms; answers of ${result.bodyBytes.toLocaleString('en-US')} bytes; bare server ${Math.round(reference.perSecond).toLocaleString('en-US')}/s`,
      });
      row({
        what: `the same: p99, ${count} in the catalogue`,
        value: result.p99,
        unit: 'ms',
        ratio: { of: result.p99 / smallP99, to: `that of ${counts[0]}` },
      });
      if (large) {
        const target = { least: 0.5 };
        row({
          what: 'its rate to the bare server',
          value: result.perSecond / reference.perSecond,
          unit: 'x',
          target,
        });
        row({
          what: 'p99 to that of the small one',
          value: result.p99 / smallP99,
          unit: 'x',
          target: { most: 1.5 },
        });
      }
    } finally {
      bare.stop();
      await service?.stop();
    }
  }
}

async function taking({ dir, quick, row, say }: PartContext): Promise<void> {
  const desktops = quick ? 2 : 16;
  const lasts = quick ? 2 : 10;
  const path = join(dir, 't');
  say(`making ${desktops} desktops`);
  const bed = await Bed.open(path, { bundles: [bundle(0)] });
  let ids: string[] = [];
  try {
    const made = await bed.call('CreateDesktops', {
      BundleId: 'data-0',
      DesktopName: 'd',
      Amount: String(desktops),
    });
    ids = made['DesktopId'] as string[];
    for (const id of ids) await bed.status(id, 'Running');
    await bed.call('StopDesktops', Object.fromEntries(ids.map((id, n) => [`DesktopId.${n + 1}`, id])));
    for (const id of ids) await bed.status(id, 'Stopped');
  } finally {
    await bed.close();
  }
  const service = await startService(path);
  try {
    await settleDisk();
    const take = takes(service.url, bed.key);
    say('taking');
    const end = performance.now() + lasts * 1000;
    await Promise.all(
      ids.map(async (id) => {
        while (performance.now() < end) await take.one(id);
      }),
    );
    const drained = await seconds(() => allStored(service.url, bed.key));
    row({
      what: 'CreateSnapshot of Stopped desktops',
      value: take.answered.length / lasts,
      unit: 'snapshots/s',
      n: take.answered.length,
      target: { least: 150 },
      note: `${desktops} desktops at once; answer p50 ${percentile(take.answered, 50).toFixed(1)} ms, p99 ${percentile(take.answered, 99).toFixed(1)} ms; ${take.refused()} refused as too many layers wait; all stored ${drained.toFixed(1)} s after the last`,
    });
  } finally {
    await service.stop();
  }
}

/** Takes snapshots and keeps how many milliseconds each answer took. */
function takes(url: string, key: ClientKey) {
  const answered: number[] = [];
  let refused = 0;
  return {
    answered,
    refused: () => refused,
    async one(id: string): Promise<void> {
      const began = performance.now();
      const parameters = { RegionId: REGION, DesktopId: id, SourceDiskType: 'system', SnapshotName: 'bench' };
      try {
        await call(url, key, 'CreateSnapshot', parameters);
        answered.push(performance.now() - began);
      } catch (error) {
        const code = EcdError.is(error) ? error.details['code'] : undefined;
        if (code !== 'QuotaExceed.WaitingLayers') throw new Error(describeError(error), { cause: error });
        refused++;
        await sleep(50);
      }
    },
  };
}

/** Waits until no snapshot is PROGRESSING. */
function allStored(url: string, key: ClientKey): Promise<true> {
  return until('all snapshots in the vault', 600, async () => {
    let token: string | undefined;
    do {
      const asked = { RegionId: REGION, ...(token === undefined ? {} : { NextToken: token }) };
      const answer = await call(url, key, 'DescribeSnapshots', asked);
      const rows = answer['Snapshots'] as { Status: string }[];
      if (rows.some((one) => one.Status === 'PROGRESSING')) return undefined;
      token = answer['NextToken'] as string | undefined;
    } while (token !== undefined);
    return true;
  });
}
