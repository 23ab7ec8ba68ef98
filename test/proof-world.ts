/** What the proofs share: one service whose log tells all it can, and two desktops that are booted once. */
import { Bed, freePort } from './proof-bed.ts';
import { GuestLine } from './proof-writer.ts';

export const TOKEN = 'metrics-token-0d5c9b41';
/** Stands in a script that a user runs in the guest. */
export const PASSWORD = 'guest-password-77e1f20a';

export interface World {
  readonly bed: Bed;
  /** A desktop on the network `isolated`. */
  readonly isolated: string;
  /** A desktop on the network `user`, and a line to its guest that needs no agent. */
  readonly user: string;
  readonly line: GuestLine;
  readonly metricsPort: number;
  readonly secrets: string[];
  /** Snapshots of the data disk while a file in it was written, with that file's SHA-256. */
  readonly written: { readonly id: string; readonly file: string; readonly sum: string }[];
}

export async function openWorld(): Promise<World> {
  const metricsPort = await freePort();
  const bed = await Bed.open({
    logLevel: 'trace',
    metrics: { listen: `127.0.0.1:${metricsPort}`, token: TOKEN },
    // So slow that a settle is under way nearly all the time.
    snapshots: { settleBytesPerSecond: 1024 ** 2 },
  });
  try {
    const line = await GuestLine.listen();
    const [user, isolated] = [await bed.create('user'), await bed.create('isolated')];
    await Promise.all([bed.booted(user), bed.booted(isolated)]);
    await bed.sh(user, line.caller);
    await line.connected();
    const secrets = [TOKEN, PASSWORD, bed.service.key.accessKeySecret];
    return { bed, isolated, user, line, metricsPort, secrets, written: [] };
  } catch (error) {
    await bed.close();
    throw error;
  }
}
