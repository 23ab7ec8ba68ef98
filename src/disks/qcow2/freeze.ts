/**
 * The point in time of a disk: the active layer becomes immutable, an empty one is on top of it.
 *
 * Invariants: QEMU switches in one transaction: either the prepared layer is on top and the old one flushed, or nothing
 * changed. A disk without a QEMU is frozen only under the active layer's write lock, which is held until the catalogue
 * has been told.
 */
import { EcdError } from '../../errors.ts';
import { faults } from '../../faults.ts';
import type { LiveDisk, Stack } from '../types.ts';
import { type PoolFiles, syncFile } from './files.ts';
import type { Keeper } from './keeper.ts';
import { endSettle } from './live.ts';
import { fileNode, layerNodes, topNode } from './nodes.ts';

/** Longest a QEMU may take for its flush and switch, in ms. */
const SWITCH_TIMEOUT = 60_000;

/** Switches a running QEMU to `prepared`. An error that leaves the outcome open is Qemu.TimedOut or Qemu.ConnectionLost. */
export async function freezeLive(
  files: PoolFiles,
  stack: Stack,
  prepared: string,
  live: LiveDisk,
): Promise<void> {
  const { qmp } = live;
  const [file, format] = layerNodes(
    prepared,
    fileNode(prepared),
    files.layer(stack.diskId, prepared),
    null,
    true,
  );
  const added: string[] = [];
  await endSettle(live, stack.diskId);
  try {
    for (const node of [file!, format!]) {
      await qmp.execute('blockdev-add', node).catch((error: unknown) => {
        // Left by a freeze that was cut short: the name belongs to this very file.
        if (!isDuplicate(error)) throw error;
      });
      added.push(node['node-name']);
    }
    await faults.hit('take.overlaid');
    const switchTop = { type: 'blockdev-snapshot', data: { node: topNode(stack), overlay: prepared } };
    await qmp.execute('transaction', { actions: [switchTop] }, { timeoutMs: SWITCH_TIMEOUT });
  } catch (error) {
    if (EcdError.is(error, 'Qemu.CommandFailed')) {
      for (const node of added.toReversed())
        await qmp.execute('blockdev-del', { 'node-name': node }).catch(() => {});
    }
    throw error;
  }
}

function isDuplicate(error: unknown): boolean {
  return EcdError.is(error, 'Qemu.CommandFailed') && /Duplicate nodes/.test(String(error.details['reason']));
}

/** Syncs the active layer under its write lock and runs `commit` before the lock is given back. */
export async function freezeOffline(
  files: PoolFiles,
  keeper: Keeper,
  stack: Stack,
  commit: () => Promise<void>,
): Promise<void> {
  const active = files.layer(stack.diskId, topNode(stack));
  await keeper.withLock(active, async () => {
    await syncFile(active);
    await commit();
  });
}
