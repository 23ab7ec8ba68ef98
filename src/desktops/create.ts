/**
 * Making desktops.
 *
 * Invariants: the rows (`Pending`) are committed before the first file is made, so that no crash leaves a file nobody
 * knows; a creation that fails takes its rows and files away again; one that a restart found `Pending` begins anew.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Trx } from '../catalogue/catalogue.ts';
import { imageById } from '../catalogue/images.ts';
import type { Claim } from '../catalogue/nonces.ts';
import { bindDesktops, policyById } from '../catalogue/policies.ts';
import type { DiskType } from '../catalogue/schema.ts';
import { disksOf, layersOf, loadStack } from '../catalogue/stacks.ts';
import { setTags, type Tag } from '../catalogue/tags.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { newId } from '../ids.ts';
import type { Bundle } from '../settings.ts';
import type { Context } from './context.ts';
import { startTask } from './lifecycle.ts';
import { removeRunFolder } from './run-folder.ts';
import { settleStatus } from './transitions.ts';

const GIB = 1024 ** 3;
const SECTOR = 512;
const LONGEST_NAME = 64;

export interface NewDesktops {
  readonly regionId: string;
  readonly bundle: Bundle;
  readonly image: {
    readonly id: string;
    readonly size_bytes: number;
    readonly os_type: 'Linux' | 'Windows';
  };
  readonly amount: number;
  /** Empty: the desktop's id. */
  readonly name: string;
  /** Adds -0001, -0002 and so on to the name. */
  readonly nameSuffix: boolean;
  /** Empty: the name. */
  readonly hostname: string;
  readonly officeSiteId: string;
  readonly policyGroupId: string;
  readonly endUserIds: readonly string[];
  readonly chargeType: string;
  /** Their automatic snapshot policy. */
  readonly snapshotPolicyId?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly creator: string;
}

/**
 * Puts the rows of new desktops on record and gives their ids. Throws QuotaExceed.Desktop,
 * OperationDenied.InsufficientSpace, InvalidImageId.NotFound.
 */
export async function createRows(context: Context, wanted: NewDesktops, claim: Claim): Promise<string[]> {
  const { settings, pool, dataDir } = context.options;
  const free = await pool.freeBytes();
  const reserve = settings.snapshots.reserveBytes;
  if (free < reserve) {
    throw new EcdError('OperationDenied.InsufficientSpace', { path: dataDir, free, reserve });
  }
  return await context.catalogue.transaction(async (trx) => {
    const { count } = await trx
      .selectFrom('desktops')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('status', '!=', 'Deleted')
      .executeTakeFirstOrThrow();
    if (Number(count) + wanted.amount > settings.desktops.quota) {
      throw new EcdError('QuotaExceed.Desktop', { count: Number(count) });
    }
    // Looked at again here: it may have been deleted since the request was checked.
    const image = await imageById(trx, wanted.image.id);
    if (image?.status !== 'Available') throw new EcdError('InvalidImageId.NotFound');
    await claim.record(trx);
    const ids: string[] = [];
    for (let at = 0; at < wanted.amount; at++) ids.push(await insertDesktop(trx, context, wanted, at));
    if (wanted.snapshotPolicyId !== undefined) await givePolicy(trx, context, wanted.snapshotPolicyId, ids);
    for (const id of ids) await setTags(trx, id, wanted.tags ?? [], context.options.clock());
    return ids;
  });
}

/** `Pending` becomes `Starting` and then what a start makes of it; or the desktop is gone again. */
export async function createTask(context: Context, desktopId: string, signal: AbortSignal): Promise<void> {
  try {
    await makeDisks(context, desktopId, signal);
  } catch (error) {
    if (signal.aborted) return;
    context.logOf(desktopId).error({ err: error }, 'the desktop could not be created and is taken away');
    await takeAway(context, desktopId);
    return;
  }
  const starting = await settleStatus(context, desktopId, (row) =>
    row.status === 'Pending' ? { status: 'Starting', wanted_running: 1 } : null,
  );
  if (starting === null) return;
  context.tell('created', desktopId);
  await startTask(context, desktopId, signal);
}

async function makeDisks(context: Context, desktopId: string, signal: AbortSignal): Promise<void> {
  const { pool } = context.options;
  for (const disk of await disksOf(context.catalogue.db, desktopId)) {
    if (signal.aborted) throw new EcdError('Cancelled', { reason: 'the desktop is not wanted any more' });
    const stack = await loadStack(context.catalogue.db, disk);
    // Whatever a creation that was cut short has left.
    await pool.release(disk.id, stack.layers);
    await pool.prepare({ ...stack, layers: [] }, disk.active_layer);
    await faults.hit('desktop.create.prepared');
  }
}

/** Rows first, and files only when nothing names them any more. */
async function takeAway(context: Context, desktopId: string): Promise<void> {
  const gone = await context.catalogue.transaction(async (trx) => {
    const row = await trx
      .selectFrom('desktops')
      .select('status')
      .where('id', '=', desktopId)
      .executeTakeFirst();
    if (row?.status !== 'Pending') return [];
    const disks = await disksOf(trx, desktopId);
    const ids = disks.map((disk) => disk.id);
    for (const disk of disks) {
      for (const layer of await layersOf(trx, disk.id)) {
        const line = { disk_id: disk.id, layer_id: layer.id };
        await trx
          .insertInto('garbage')
          .values(line)
          .onConflict((c) => c.doNothing())
          .execute();
      }
    }
    if (ids.length > 0) {
      await trx.deleteFrom('layers').where('disk_id', 'in', ids).execute();
      await trx.deleteFrom('disks').where('id', 'in', ids).execute();
    }
    await trx.deleteFrom('desktops').where('id', '=', desktopId).execute();
    return ids;
  });
  await faults.hit('desktop.create.undone');
  for (const id of gone) {
    await context.options.pool.releaseDisk(id);
    await context.catalogue.db.deleteFrom('garbage').where('disk_id', '=', id).execute();
  }
  await removeRunFolder(context.folder(desktopId));
}

async function insertDesktop(trx: Trx, context: Context, wanted: NewDesktops, at: number): Promise<string> {
  const id = newId.desktop();
  const { bundle } = wanted;
  const name = nameOf(wanted, id, at);
  await trx
    .insertInto('desktops')
    .values({
      id,
      name,
      hostname: wanted.hostname === '' ? name : wanted.hostname,
      region_id: wanted.regionId,
      status: 'Pending',
      state_version: 1,
      wanted_running: 1,
      bundle_id: bundle.id,
      image_id: wanted.image.id,
      office_site_id: wanted.officeSiteId,
      policy_group_id: wanted.policyGroupId,
      end_user_ids: JSON.stringify(wanted.endUserIds),
      charge_type: wanted.chargeType,
      cpus: bundle.cpus,
      memory_mib: bundle.memoryMib,
      network: bundle.network,
      firmware: bundle.firmware,
      cloud_init: bundle.cloudInit === undefined ? null : JSON.stringify(bundle.cloudInit),
      mac: newMac(),
      uuid: randomUUID(),
      creator: wanted.creator,
      created_at: context.options.clock(),
      started_at: null,
      deleted_at: null,
      qemu_pid: null,
      qemu_start_time: null,
      stop_reason: '',
    })
    .execute();
  const system = Math.max(wanted.image.size_bytes, bundle.systemDiskGib * GIB);
  await insertDisk(trx, context, id, 'system', system, wanted.image.id);
  if (bundle.dataDiskGib > 0) await insertDisk(trx, context, id, 'data', bundle.dataDiskGib * GIB, null);
  return id;
}

/** Looked at again here: it may have been deleted since the request was checked. */
async function givePolicy(
  trx: Trx,
  context: Context,
  policyId: string,
  desktopIds: readonly string[],
): Promise<void> {
  const policy = await policyById(trx, policyId);
  if (policy === undefined) throw new EcdError('InvalidAutoSnapshotPolicyId.NotFound');
  await bindDesktops(trx, policyId, desktopIds, context.options.clock());
}

async function insertDisk(
  trx: Trx,
  context: Context,
  desktopId: string,
  type: DiskType,
  bytes: number,
  imageId: string | null,
): Promise<void> {
  const id = newId.disk();
  const layer = newId.layer();
  await trx
    .insertInto('disks')
    .values({
      id,
      desktop_id: desktopId,
      type,
      size_bytes: Math.ceil(bytes / SECTOR) * SECTOR,
      active_layer: layer,
      prepared_layer: null,
      settling_layer: null,
      intent: null,
    })
    .execute();
  await trx
    .insertInto('layers')
    .values({
      id: layer,
      disk_id: id,
      parent_id: null,
      image_id: imageId,
      state: 'active',
      root: null,
      created_at: context.options.clock(),
      frozen_at: null,
    })
    .execute();
}

/** The name of the `at`-th of several, within the length a name may have. */
export function nameOf(
  wanted: Pick<NewDesktops, 'name' | 'nameSuffix'>,
  desktopId: string,
  at: number,
): string {
  if (wanted.name === '') return desktopId;
  if (!wanted.nameSuffix) return wanted.name;
  const suffix = `-${String(at + 1).padStart(4, '0')}`;
  return `${[...wanted.name].slice(0, LONGEST_NAME - suffix.length).join('')}${suffix}`;
}

/** A locally administered address, 40 bits of it random. */
function newMac(): string {
  return ['02', ...[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
