/** For tests: a peer on a real unix socket that says exactly what a test wants, when it wants. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Received {
  readonly execute: string;
  readonly arguments: Record<string, unknown>;
  readonly id?: string;
}

export type Answer = (command: Received, peer: FakePeer) => void;

export class FakePeer {
  readonly path: string;
  readonly received: Received[] = [];
  answer: Answer;
  #dir: string;
  #server: Server;
  #sockets = new Set<Socket>();

  private constructor(answer: Answer, greeting: string) {
    this.#dir = mkdtempSync(join(tmpdir(), 'fake-peer-'));
    this.path = join(this.#dir, 's');
    this.answer = answer;
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.write(greeting);
      let rest = '';
      socket.setEncoding('latin1');
      socket.on('data', (text: string) => {
        const lines = (rest + text.replaceAll('\xff', '')).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const command = JSON.parse(line) as Received;
          this.received.push(command);
          this.answer(command, this);
        }
      });
    });
  }

  static async listen(answer: Answer, greeting = ''): Promise<FakePeer> {
    const peer = new FakePeer(answer, greeting);
    peer.#server.listen(peer.path);
    await once(peer.#server, 'listening');
    return peer;
  }

  /** Objects are sent as a line of JSON, text and bytes as they are, to every connection. */
  send(...messages: (object | string | Buffer)[]): void {
    for (const message of messages) {
      const raw = typeof message === 'string' || Buffer.isBuffer(message);
      for (const socket of this.#sockets) socket.write(raw ? message : `${JSON.stringify(message)}\n`);
    }
  }

  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

export const GREETING = '{"QMP":{"version":{},"capabilities":[]}}\r\n';

/** A QMP peer that answers qmp_capabilities itself. */
export function fakeQmp(answer: Answer): Promise<FakePeer> {
  return FakePeer.listen((command, peer) => {
    if (command.execute === 'qmp_capabilities') peer.send({ return: {}, id: command.id! });
    else answer(command, peer);
  }, GREETING);
}

/** An agent that answers guest-sync-delimited itself, also while it is told to be deaf to all else. */
export function fakeAgent(answer: Answer): Promise<FakePeer> {
  return FakePeer.listen((command, peer) => {
    if (command.execute === 'guest-sync-delimited') {
      peer.send(Buffer.of(0xff), { return: command.arguments['id'] });
    } else answer(command, peer);
  });
}
