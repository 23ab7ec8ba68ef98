/** What a running QEMU says of a disk it has open. */
import { sleep } from '../../async.ts';
import { EcdError } from '../../errors.ts';
import type { LiveDisk } from '../types.ts';

/** How often and how long the end of a job is waited for. */
const JOB_POLL_MS = 20;
const JOB_END_MS = 10_000;

interface BlockBackend {
  readonly qdev?: string;
  readonly inserted?: { readonly 'node-name'?: string; readonly backing_file_depth: number };
}

/** The node name of what a device stands on, which is the layer's id; null when it stands on nothing. */
export async function topLayer(live: LiveDisk): Promise<string | null> {
  return (await inserted(live))?.['node-name'] ?? null;
}

/** How many layers, the golden image among them, are below the top one. */
export async function chainDepth(live: LiveDisk): Promise<number> {
  const disk = await inserted(live);
  if (disk === undefined)
    throw new EcdError('InternalError', {}, new Error(`QEMU has no disk ${live.device}`));
  return disk.backing_file_depth;
}

async function inserted(live: LiveDisk): Promise<BlockBackend['inserted']> {
  const backends = await live.qmp.execute<BlockBackend[]>('query-block');
  return backends.find((each) => each.qdev?.split('/').includes(live.device) === true)?.inserted;
}

/** The name of a disk's settle job, the same for every service that finds it. */
export function settleJob(diskId: string): string {
  return `settle-${diskId}`;
}

/** Ends a settle that an earlier session with this QEMU left running: QEMU refuses a freeze while one runs. */
export async function endSettle({ qmp }: LiveDisk, diskId: string): Promise<void> {
  const id = settleJob(diskId);
  for (let waited = 0; ; waited += JOB_POLL_MS) {
    const jobs = await qmp.execute<{ id: string; status: string }[]>('query-jobs');
    const job = jobs.find((each) => each.id === id);
    if (job === undefined) return;
    if (waited > JOB_END_MS)
      throw new EcdError('Qemu.TimedOut', { command: `the end of ${id}`, ms: JOB_END_MS });
    // Refused when it is just ending by itself, which is what is waited for.
    const end = job.status === 'concluded' ? 'job-dismiss' : 'job-cancel';
    await qmp.execute(end, { id }).catch(() => {});
    await sleep(JOB_POLL_MS);
  }
}
