/**
 * The screen of a running desktop: live, as a connection to QEMU's VNC server, and as a picture.
 *
 * Invariants: only a desktop whose QEMU is held by this service has a screen; QEMU may be hostile: what it writes is read
 * up to a limit, through no link; the file that a picture comes in is removed whatever happens; of one desktop one picture
 * is made at a time, and whoever asks meanwhile gets the same one.
 */
import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { EcdError } from '../errors.ts';
import { connectUnix } from '../qemu/socket.ts';
import type { Machine } from './machine.ts';
import { type Picture, parsePpm } from './picture.ts';

const CONNECT_MS = 5_000;
const DUMP_MS = 10_000;
/** A screen of 4,096 by 2,160 has 26 MB. */
const LARGEST_DUMP = 32 * 1024 * 1024;

/** Connects with the VNC server; the connection ends with QEMU. Throws Qemu.ConnectionLost. */
export async function connectScreen(machine: Machine): Promise<Duplex> {
  const socket = await connectUnix(machine.folder.vnc, { timeoutMs: CONNECT_MS });
  return socket.setNoDelay(true);
}

/** Pictures under way. */
export class Pictures {
  readonly #pending = new Map<Machine, Promise<Picture>>();

  /** What the screen shows now. Throws Qemu.ConnectionLost, Qemu.CommandFailed, Qemu.TimedOut. */
  take(machine: Machine): Promise<Picture> {
    const pending = this.#pending.get(machine);
    if (pending !== undefined) return pending;
    const picture = dump(machine).finally(() => this.#pending.delete(machine));
    this.#pending.set(machine, picture);
    return picture;
  }
}

async function dump(machine: Machine): Promise<Picture> {
  const { qmp, folder } = machine;
  if (qmp === null) throw new EcdError('Qemu.ConnectionLost', { what: folder.qmp });
  try {
    // As plain pixels: packing them would keep the guest waiting.
    await qmp.execute('screendump', { filename: folder.screen, format: 'ppm' }, { timeoutMs: DUMP_MS });
    return parsePpm(await readBounded(folder.screen));
  } finally {
    // A folder that QEMU has put there in its place is left: to go into it could lead elsewhere.
    await rm(folder.screen, { force: true }).catch(() => {});
  }
}

async function readBounded(path: string): Promise<Buffer> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    throw noPicture(error);
  });
  try {
    const info = await file.stat();
    if (!info.isFile() || info.size > LARGEST_DUMP) throw noPicture();
    const bytes = Buffer.alloc(info.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function noPicture(cause?: unknown): EcdError {
  return new EcdError('Qemu.CommandFailed', { command: 'screendump', reason: 'it made no picture' }, cause);
}
