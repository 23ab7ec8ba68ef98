/** The console's sample code, run as a user runs it, against the real service. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from '../acceptance/support/service.ts';
import { curlSample } from '../console/src/samples/curl.ts';
import { nodeSample } from '../console/src/samples/node.ts';
import { pythonSample } from '../console/src/samples/python.ts';
import { sdkNodeSample } from '../console/src/samples/sdk-node.ts';

let service: Service;
let folder: string;
beforeAll(async () => {
  service = await Service.start();
  folder = await mkdtemp(join(tmpdir(), 'openecd-samples-'));
  await symlink(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
});
afterAll(async () => {
  await service?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What breaks out of quotes, of encodings, of lines. */
const NAME = `it's "$(id)" \`id\` \\n %41 a+b&c=d ~!*()/ 中文 😀 \${HOME}`;

const SAMPLES = [
  { language: 'curl', program: 'sh', file: 'call.sh', sample: curlSample },
  { language: 'Node.js', program: process.execPath, file: 'call.mjs', sample: nodeSample },
  { language: 'Python', program: 'python3', file: 'call.py', sample: pythonSample },
  { language: 'Node.js with the SDK', program: process.execPath, file: 'call.cjs', sample: sdkNodeSample },
];

test.each(SAMPLES)('in $language: every character arrives', async ({ program, file, sample }) => {
  const run = async (action: string, parameters: Record<string, string>, secret: string) => {
    const path = join(folder, file);
    const all = { RegionId: 'cn-hangzhou', ...parameters };
    await writeFile(path, sample({ endpoint: service.url, action, parameters: all }));
    const env = {
      ...process.env,
      ALIBABA_CLOUD_ACCESS_KEY_ID: service.key.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: secret,
    };
    const { stdout } = await promisify(execFile)(program, [path], { env, timeout: 30_000 });
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const secret = service.key.accessKeySecret;
  const asked = { PolicyName: NAME, CronExpression: '0 0 3 ? * 2', RetentionDays: '7' };
  const { PolicyId } = await run('CreateAutoSnapshotPolicy', asked, secret);
  const found = await run('DescribeAutoSnapshotPolicy', { PolicyId: String(PolicyId) }, secret);
  expect(found['AutoSnapshotPolicies']).toMatchObject([{ PolicyName: NAME }]);
  expect(await run('DescribeRegions', {}, 'another')).toMatchObject({ Code: 'SignatureDoesNotMatch' });
});
