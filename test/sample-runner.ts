/** Runs the console's sample code as a user runs it, against a real service. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { Key } from '../acceptance/support/sdk.ts';
import type { Service } from '../acceptance/support/service.ts';
import { SAMPLES } from '../console/src/samples/index.ts';

interface Way {
  readonly words: readonly string[];
  readonly file: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How each is run. */
const WAYS: Readonly<Record<string, Way>> = {
  curl: { words: ['sh'], file: 'call.sh' },
  'Node.js': { words: [process.execPath], file: 'call.mjs' },
  'Node.js (pop-core)': { words: [process.execPath], file: 'call.cjs' },
  'TypeScript (SDK)': { words: [process.execPath], file: 'call.mts' },
  Python: { words: ['python3'], file: 'call.py' },
  'Go (aliyungo)': {
    words: ['go', 'run'],
    file: 'call.go',
    env: { GO111MODULE: 'off', GOPATH: '/usr/share/gocode' },
  },
};
/** Go compiles it first. */
const RUN_MS = 300_000;
/** What breaks out of quotes, of encodings, of lines. */
const NAME = `it's "$(id)" \`id\` \\n %41 a+b&c=d ~!*()/ 中文 😀 \${HOME} {$x} %{if} \\u0022 --help`;

/** The names of the samples that are said to be run there. */
export const samplesOf = (run: 'always' | 'full') =>
  SAMPLES.filter((sample) => sample.run === run).map((sample) => sample.name);

export class SampleRunner {
  readonly #service: Service;
  readonly #folder: string;

  private constructor(service: Service, folder: string) {
    this.#service = service;
    this.#folder = folder;
  }

  static async open(service: Service): Promise<SampleRunner> {
    const folder = await mkdtemp(join(tmpdir(), 'openecd-samples-'));
    await symlink(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
    return new SampleRunner(service, folder);
  }

  /** Runs a sample as it stands; gives what it has printed. */
  async run(name: string, action: string, parameters: Record<string, string>, key: Key = this.#service.key) {
    const { words, file, env = {} } = WAYS[name]!;
    const path = join(this.#folder, file);
    const all = { RegionId: 'cn-hangzhou', ...parameters };
    const sample = SAMPLES.find((one) => one.name === name)!;
    await writeFile(path, sample.make({ endpoint: this.#service.url, action, parameters: all })!);
    const environment = {
      ...process.env,
      ...env,
      ALIBABA_CLOUD_ACCESS_KEY_ID: key.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: key.accessKeySecret,
      ALIBABA_CLOUD_SECURITY_TOKEN: key.securityToken ?? '',
    };
    const [program, ...rest] = words;
    const options = { env: environment, timeout: RUN_MS };
    const { stdout } = await promisify(execFile)(program!, [...rest, path], options);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  /** Hostile texts arrive as they are, in lists, too; and a refusal is told. */
  async arrives(name: string): Promise<void> {
    const rules = Object.fromEntries(
      [1, 2].flatMap((at) => [
        [`AuthorizeAccessPolicyRule.${at}.CidrIp`, `10.${at}.0.0/16`],
        [`AuthorizeAccessPolicyRule.${at}.Description`, `${NAME} ${at}`],
      ]),
    );
    const { PolicyGroupId } = await this.run(name, 'CreatePolicyGroup', { Name: NAME, ...rules });
    const asked = { 'PolicyGroupId.1': String(PolicyGroupId) };
    const found = await this.run(name, 'DescribePolicyGroups', asked);
    expect(found['DescribePolicyGroups']).toMatchObject([
      {
        Name: NAME,
        AuthorizeAccessPolicyRules: [{ Description: `${NAME} 1` }, { Description: `${NAME} 2` }],
      },
    ]);
    const wrong = { ...this.#service.key, accessKeySecret: 'another' };
    expect(await this.run(name, 'DescribeRegions', {}, wrong)).toMatchObject({
      Code: 'SignatureDoesNotMatch',
    });
  }

  /** With credentials that need their token. */
  async byToken(name: string): Promise<void> {
    const words = ['--user', 'Administrator', '--seconds', '600'];
    const key = await this.#service.newKey('key', 'temporary', ...words);
    expect(await this.run(name, 'DescribeRegions', {}, key)).toHaveProperty('Regions');
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
