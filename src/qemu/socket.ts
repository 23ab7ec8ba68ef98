/**
 * Connections with the programs we start, over unix sockets: to one that they are about to make, or from them.
 *
 * Invariants: a path longer than the kernel takes is said so, in words, before anything is tried; a socket that is not
 * there yet is tried again until the deadline; the connection that is given back has no listener but the caller's.
 */
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { EcdError } from '../errors.ts';
import { bounded, sleep, throwIfAborted } from './wait.ts';

/** `sun_path` of Linux holds 108 bytes, the last one zero. */
export const MAX_SOCKET_PATH = 107;

/** Throws Qemu.StartFailed when a socket cannot have this path. */
export function checkSocketPath(path: string, program: string): void {
  const length = Buffer.byteLength(path);
  if (length <= MAX_SOCKET_PATH) return;
  throw new EcdError('Qemu.StartFailed', {
    program,
    reason: `the data path is too long: a socket's path has at most ${MAX_SOCKET_PATH} bytes, ${path} has ${length}; use a shorter --data directory`,
  });
}

const NOT_YET = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An open connection; throws Qemu.ConnectionLost after `timeoutMs` of refusals, or at once for any other failure. */
export async function connectUnix(path: string, options: ConnectOptions): Promise<Socket> {
  checkSocketPath(path, 'the connection');
  const deadline = Date.now() + options.timeoutMs;
  for (let pause = 5; ; pause = Math.min(pause * 2, 100)) {
    throwIfAborted(options.signal, `connecting to ${path}`);
    try {
      return await connectOnce(path);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!NOT_YET.has(code) || Date.now() + pause >= deadline) {
        throw new EcdError('Qemu.ConnectionLost', { what: path }, error);
      }
    }
    await sleep(pause, options.signal, `connecting to ${path}`);
  }
}

function connectOnce(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** A socket that waits for one connection, of `owner` if there is one. */
export class Listener {
  readonly #server: Server;
  readonly #path: string;
  readonly #accepted: Promise<Socket>;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
    this.#accepted = once(server, 'connection').then(([socket]) => socket as Socket);
    this.#accepted.catch(() => {});
  }

  static async open(path: string, owner?: { readonly uid: number; readonly gid: number }): Promise<Listener> {
    checkSocketPath(path, 'the connection');
    const server = createServer();
    server.maxConnections = 1;
    const listener = new Listener(server, path);
    server.listen(path);
    await once(server, 'listening');
    try {
      chmodSync(path, 0o600);
      if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
      return listener;
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** The connection. Throws Qemu.TimedOut, or Cancelled. */
  accept({ timeoutMs, signal }: ConnectOptions): Promise<Socket> {
    return bounded(this.#accepted, {
      ms: timeoutMs,
      signal,
      what: `waiting for a connection to ${this.#path}`,
      onDeadline: () => {
        throw new EcdError('Qemu.TimedOut', { command: 'connection', ms: timeoutMs });
      },
    });
  }

  /** Takes the socket away; the accepted connection stays. */
  close(): void {
    this.#server.close();
  }
}
