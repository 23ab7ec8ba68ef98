/**
 * What the guest's seqwriter leaves on a disk, and a line to the guest that needs no agent.
 *
 * Invariants: record n (from 1) is n as 512 little-endian 64-bit words at slot (n - 1) modulo the slots; a true point in
 * time holds, for one N, the latest record up to N in every slot and nothing else.
 */
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const RECORD = 4096;

/** The N of which the file is the exact prefix. Throws when it is none, with what is wrong. */
export async function prefixOf(file: string, slots: number): Promise<number> {
  const bytes = await readFile(file);
  if (bytes.length !== slots * RECORD) throw new Error(`${bytes.length} bytes, not ${slots} slots`);
  const found = Array.from({ length: slots }, (_, slot) => recordAt(bytes, slot));
  const last = Math.max(...found);
  for (const [slot, n] of found.entries()) {
    const behind = (((last - 1 - slot) % slots) + slots) % slots;
    const due = Math.max(0, last - behind);
    if (n !== due)
      throw new Error(`slot ${slot} holds record ${n}, but the last is ${last}: it must be ${due}`);
  }
  return last;
}

function recordAt(bytes: Buffer, slot: number): number {
  const first = bytes.readBigUInt64LE(slot * RECORD);
  for (let at = slot * RECORD; at < (slot + 1) * RECORD; at += 8)
    if (bytes.readBigUInt64LE(at) !== first) throw new Error(`slot ${slot} is torn at byte ${at % RECORD}`);
  return Number(first);
}

/** A shell in a guest of the bundle `user`, over the network: the guest calls the test. */
export class GuestLine {
  readonly #server: Server;
  #socket: Socket | null = null;
  #heard = '';
  #next = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#socket?.destroy();
      this.#socket = socket;
      socket.on('data', (part: Buffer) => (this.#heard += part.toString()));
      socket.on('error', () => {});
    });
  }

  static async listen(): Promise<GuestLine> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return new GuestLine(server);
  }

  /** The script that calls; for the guest's agent to run once. */
  get caller(): string {
    const { port } = this.#server.address() as AddressInfo;
    const call = `rm -f /run/line; mkfifo /run/line; sh </run/line 2>&1 | nc 10.0.2.2 ${port} >/run/line`;
    return `(for i in $(seq 60); do ifconfig eth0 | grep -q 10.0.2.15 && break; sleep 1; done; ${call}) >/dev/null 2>&1 </dev/null &`;
  }

  async connected(): Promise<void> {
    for (let tries = 0; this.#socket === null; tries++) {
      if (tries > 1_200) throw new Error('the guest does not call');
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Runs a command of one line in the guest; gives its output. */
  async sh(command: string, seconds = 60): Promise<string> {
    const mark = `--${this.#next++}--`;
    this.#heard = '';
    this.#socket!.write(`${command}; echo ${mark}$?\n`);
    const deadline = Date.now() + seconds * 1_000;
    for (;;) {
      const found = new RegExp(`^([^]*?)${mark}(\\d+)\n`).exec(this.#heard);
      if (found?.[2] === '0') return found[1]!;
      if (found !== null) throw new Error(`${command}: exit code ${found[2]} ${found[1]}`);
      if (Date.now() > deadline) throw new Error(`${command}: not done within ${seconds} s: ${this.#heard}`);
      await new Promise((done) => setTimeout(done, 2));
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
  }
}

/** The seqwriter of a guest, writing into a file. */
export class Writer {
  readonly #line: GuestLine;
  readonly slots: number;
  readonly file: string;

  constructor(line: GuestLine, file: string, slots: number) {
    this.#line = line;
    this.file = file;
    this.slots = slots;
  }

  async start(): Promise<void> {
    await this.#line.sh('rm -f /run/seqwriter.ack');
    await this.#line.sh(
      `(seqwriter ${this.file} ${this.slots} </dev/null >/run/writer.log 2>&1 & echo $! >/run/writer.pid)`,
    );
    await this.#line.sh(
      'while [ "$(cat /run/seqwriter.ack 2>/dev/null || echo 0)" -lt 100 ]; do usleep 20000; done',
    );
  }

  /** The last record that the disk has acknowledged. */
  async acknowledged(): Promise<number> {
    return Number(await this.#line.sh('cat /run/seqwriter.ack'));
  }

  /** Holds the writer still; gives the last acknowledged record: nothing later is under way but the one after it. */
  async hold(): Promise<number> {
    await this.#line.sh('kill -STOP $(cat /run/writer.pid)');
    return await this.acknowledged();
  }

  async goOn(): Promise<void> {
    await this.#line.sh('kill -CONT $(cat /run/writer.pid)');
  }

  async end(): Promise<number> {
    await this.#line.sh('kill -CONT $(cat /run/writer.pid); kill $(cat /run/writer.pid); sleep 1');
    return await this.acknowledged();
  }
}
