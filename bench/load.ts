/**
 * The load generator, a process of its own: reads a task from standard input, writes a result to standard output.
 *
 * Invariants: every request has a nonce of its own and was signed before the clock starts; each connection has one
 * request under way; an answer that is not 200 ends it with an error.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { percentile } from './stats.ts';

export interface LoadTask {
  readonly url: string;
  readonly key: { readonly AccessKeyId: string; readonly AccessKeySecret: string };
  readonly maxResults: number;
  /** Only the snapshots of this one. */
  readonly desktopId?: string;
  readonly seconds: number;
  readonly connections: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly bodyBytes: number;
  /** Processor seconds of this process while it measured. */
  readonly cpuSeconds: number;
}

const WARM_UP_MS = 1500;
/** More than any server answers in a second that shares two cores with this process. */
const PER_SECOND = 40_000;

const task = JSON.parse(await text(process.stdin)) as LoadTask;
const url = new URL(task.url);
const requests = signedRequests(Math.ceil((task.seconds + WARM_UP_MS / 1000) * PER_SECOND));

function signedRequests(count: number): Buffer[] {
  const run = randomBytes(8).toString('hex');
  const made: Buffer[] = [];
  const time = encodeURIComponent(new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
  const desktop = task.desktopId === undefined ? '' : `&DesktopId=${task.desktopId}`;
  for (let n = 0; n < count; n++) {
    // In the order of their names, and with values that need no escape but the time.
    const query = `AccessKeyId=${task.key.AccessKeyId}&Action=DescribeSnapshots${desktop}&Format=JSON&MaxResults=${task.maxResults}&RegionId=cn-hangzhou&SignatureMethod=HMAC-SHA1&SignatureNonce=${run}${n}&SignatureVersion=1.0&Timestamp=${time}&Version=2020-09-30`;
    const signature = createHmac('sha1', `${task.key.AccessKeySecret}&`)
      .update(`GET&%2F&${encodeURIComponent(query)}`)
      .digest('base64');
    made.push(
      Buffer.from(
        `GET /?${query}&Signature=${encodeURIComponent(signature)} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`,
      ),
    );
  }
  return made;
}

let next = 0;
let measuring = false;
let stopped = false;
let bodyBytes = 0;
const latencies: number[] = [];

/** Sends one request after another until it is stopped. */
function connection(): Promise<void> {
  return new Promise((done, failed) => {
    let began = 0;
    let missing = 0;
    let head = Buffer.alloc(0);
    const socket = connect({
      port: Number(url.port),
      host: url.hostname,
      onread: {
        buffer: Buffer.allocUnsafe(256 * 1024),
        callback: (length, buffer) => take(buffer as Buffer, length),
      },
    });
    const send = () => {
      const request = requests[next++];
      if (stopped || request === undefined) {
        socket.end();
        if (request === undefined) failed(new Error('all requests are used up'));
        else done();
        return;
      }
      began = performance.now();
      socket.write(request);
    };
    const take = (buffer: Buffer, length: number): boolean => {
      if (missing > 0) missing -= length;
      else {
        const part = buffer.subarray(0, length);
        head = head.length === 0 ? Buffer.from(part.subarray(0, 1024)) : Buffer.concat([head, part]);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return true;
        const said = head.toString('latin1', 0, end);
        const body = Number(/\r\ncontent-length: (\d+)/i.exec(said)?.[1]);
        if (!said.startsWith('HTTP/1.1 200') || Number.isNaN(body)) {
          failed(new Error(said + buffer.toString('utf8', 0, length).slice(0, 500)));
          socket.destroy();
          return false;
        }
        bodyBytes = body;
        missing = end + 4 + body - Math.max(head.length, length);
        head = Buffer.alloc(0);
      }
      if (missing > 0) return true;
      missing = 0;
      if (measuring) latencies.push(performance.now() - began);
      send();
      return true;
    };
    socket.setNoDelay(true);
    socket.once('connect', send);
    socket.once('error', failed);
  });
}

const all = Promise.all(Array.from({ length: task.connections }, connection));
await Promise.race([all, new Promise((resolve) => setTimeout(resolve, WARM_UP_MS))]);
measuring = true;
const began = performance.now();
const cpu = process.cpuUsage();
await Promise.race([all, new Promise((resolve) => setTimeout(resolve, task.seconds * 1000))]);
measuring = false;
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
stopped = true;
await all;
const result: LoadResult = {
  requests: latencies.length,
  perSecond: latencies.length / seconds,
  p50: percentile(latencies, 50),
  p99: percentile(latencies, 99),
  bodyBytes,
  cpuSeconds: (user + system) / 1e6,
};
process.stdout.write(JSON.stringify(result));
