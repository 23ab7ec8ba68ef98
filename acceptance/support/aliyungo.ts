/**
 * Debian's aliyungo, an older Go client of the public service, through the small program acceptance/go/calls.go.
 *
 * Invariants: it is built from Debian's packages alone, without the network; one process a key, requests one after
 * another; what it receives is noted for the coverage tables.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';
import type { Answer, Key, SdkCall } from './sdk.ts';
import { noteExchange, noteKey } from './secrets.ts';
import { type FullClient, noteSeen } from './seen.ts';

const SOURCE = resolve(import.meta.dirname, '../go/calls.go');
/** Where Debian puts the sources of Go packages. */
const GOPATH = '/usr/share/gocode';
const BUILD_MS = 300_000;

/** The client's own ways of sending, by the method that sends so or the method of HTTP. */
export type How = 'Invoke' | 'InvokeByFlattenMethod' | 'GET' | 'POST';

/** An error as the client tells it; the fields are empty where it could not read the answer, and the status is -1 without one. */
interface Told {
  readonly Code: string;
  readonly Message: string;
  readonly RequestId: string;
  readonly HostId: string;
  readonly StatusCode: number;
  /** The whole error as a text. */
  readonly Text: string;
}

export class GoError extends Error {
  readonly code: string;
  readonly statusCode: number;
  readonly data: Told;

  constructor(told: Told) {
    super(told.Text);
    this.code = told.Code;
    this.statusCode = told.StatusCode;
    this.data = told;
  }
}

/** Builds the program into `directory`; gives its path. */
export async function buildCalls(directory: string): Promise<string> {
  const program = join(directory, 'calls');
  const env = {
    ...process.env,
    ...{
      GO111MODULE: 'off',
      GOPATH,
      GOFLAGS: '-mod=mod',
      CGO_ENABLED: '0',
      GOCACHE: join(directory, 'cache'),
    },
  };
  await promisify(execFile)('go', ['build', '-o', program, SOURCE], { env, timeout: BUILD_MS });
  return program;
}

const NAMES: Readonly<Record<How, FullClient>> = {
  Invoke: 'aliyungo Invoke',
  InvokeByFlattenMethod: 'aliyungo flatten',
  GET: 'aliyungo GET',
  POST: 'aliyungo POST',
};

export class Aliyungo {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  /** `host` is `HOST:PORT`. */
  constructor(program: string, host: string, key: Key) {
    noteKey(key);
    this.#child = spawn(program, [], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {
        ENDPOINT: `http://${host}`,
        ACCESS_KEY_ID: key.accessKeyId,
        ACCESS_KEY_SECRET: key.accessKeySecret,
        SECURITY_TOKEN: key.securityToken ?? '',
      },
    });
    this.#lines = createInterface({ input: this.#child.stdout! });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** Sends as `how`; `lists` go as the client's own lists. Throws GoError. */
  async call(
    how: How,
    action: string,
    text: Readonly<Record<string, string>>,
    lists: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<Answer> {
    const turn = this.#last.then(async () => {
      this.#child.stdin!.write(`${JSON.stringify({ How: how, Action: action, Text: text, Lists: lists })}\n`);
      const { value, done } = await this.#answers.next();
      if (done === true) throw new Error('aliyungo has ended');
      return JSON.parse(value) as { Body?: Answer } & Told;
    });
    this.#last = turn.catch(() => {});
    const told = await turn;
    const failed = told.Text !== '';
    // No status, or no code: the client has read no answer.
    if (!failed || (told.StatusCode > 0 && told.Code !== ''))
      noteSeen({ action, code: failed ? told.Code : 'OK', format: 'JSON', client: NAMES[how] });
    if (failed) throw new GoError(told);
    noteExchange(text, told.Body?.['Ticket']);
    return told.Body ?? {};
  }

  /** In the shape of the npm clients. */
  as(how: How): SdkCall {
    return (action, parameters) => this.call(how, action, parameters);
  }

  async close(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : null;
    this.#child.stdin!.end();
    await ended;
    this.#lines.close();
  }
}
