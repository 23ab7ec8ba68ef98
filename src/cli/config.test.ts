import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultSettings, parseSettings } from '../settings.ts';
import { describeSettings } from './config.ts';
import { parseListen } from './listen.ts';
import { runCli } from './testing/run-cli.ts';

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'openecd-config-'));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const file = (content: unknown) => {
  const path = join(work, 'settings.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const BUNDLE = { id: 'b', name: 'B', image: 'demo' };

/** Every path of the settings down to what is no object. */
function leaves(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, child]) =>
    leaves(child, path === '' ? name : `${path}.${name}`),
  );
}

describe('config show', () => {
  it('shows every setting there is, with value and default', () => {
    const infos = describeSettings(parseSettings({ snapshots: { freezeMs: 500 } }));
    const names = infos.map(({ name }) => name).filter((name) => !name.includes('[]'));
    expect(names.sort()).toEqual(leaves(defaultSettings()).sort());
    expect(infos.find(({ name }) => name === 'snapshots.freezeMs')).toMatchObject({
      value: 500,
      default: 2000,
      kind: 'integer from 100',
      description: expect.stringContaining('deadline'),
    });
    expect(infos.find(({ name }) => name === 'accel')?.kind).toBe('auto | kvm | tcg');
    expect(infos.find(({ name }) => name === 'bundles[].memoryMib')?.default).toBe(2048);
  });

  it('never shows a token', async () => {
    const config = file({ metrics: { token: 'very-hidden' } });
    const text = await runCli(['config', 'show', '--config', config]);
    const json = await runCli(['config', 'show', '--config', config, '--json']);
    expect(text.stdout + json.stdout).not.toContain('very-hidden');
    expect(text.stdout).toContain('metrics.token = "(set, not shown)"');
    expect(JSON.parse(json.stdout).settings.length).toBeGreaterThan(20);
  });

  it('never shows a cloud-config, which may hold passwords', async () => {
    const cloudInit = { password: 'very-hidden', users: [{ passwd: 'very-hidden' }] };
    const config = file({ bundles: [{ ...BUNDLE, network: 'bridge:br0', cloudInit }] });
    const text = await runCli(['config', 'show', '--config', config]);
    const json = await runCli(['config', 'show', '--config', config, '--json']);
    expect(text.stdout + json.stdout).not.toContain('very-hidden');
    expect(text.stdout).toContain('"cloudInit":"(set, not shown)"');
  });

  it('marks what differs from the default', async () => {
    const { stdout } = await runCli(['config', 'show', '--config', file({ qemuUser: 'box' })]);
    expect(stdout).toContain('qemuUser = "box"  (string, default "openecd")');
    expect(stdout).toContain('accel = "auto"  (auto | kvm | tcg, the default)');
  });
});

describe('config check', () => {
  it('accepts a good file', async () => {
    expect((await runCli(['config', 'check', file({ accel: 'tcg' })])).code).toBe(0);
  });

  it.each([
    [{ snapshots: { freezeMs: 1 } }, 'snapshots.freezeMs'],
    [{ nonsense: 1 }, 'nonsense: there is no such setting'],
    [{ cors: { origin: [] } }, 'cors.origin: there is no such setting'],
    [{ accel: 'hvf' }, 'accel: must be auto or kvm or tcg'],
    [{ bundles: [{ ...BUNDLE, network: 'bridge:' }] }, 'bundles.0.network: must match'],
    [{ bundles: [{ ...BUNDLE, network: 'bridge:.' }] }, 'bundles.0.network: must match'],
    [{ bundles: [{ ...BUNDLE, network: 'bridge:..' }] }, 'bundles.0.network: must match'],
    [{ bundles: [{ ...BUNDLE, network: 'bridge:br0/../../x' }] }, 'bundles.0.network: must match'],
    [{ bundles: [{ ...BUNDLE, cloudInit: 'yes' }] }, 'bundles.0.cloudInit: must be object'],
    ['{', 'settings.json'],
  ])('names what is wrong in %j', async (content, named) => {
    const { code, stderr } = await runCli(['config', 'check', file(content)]);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
  });
});

describe('listening addresses', () => {
  it('are read', () => {
    expect(parseListen('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 });
    expect(parseListen('[::1]:8787')).toEqual({ host: '::1', port: 8787 });
    expect(parseListen('box.example:80')).toEqual({ host: 'box.example', port: 80 });
  });
  it.each(['8787', ':8787', '::1:8787', 'a:70000', 'a:', 'a:-1', ''])('%j is refused', (text) => {
    expect(() => parseListen(text)).toThrow('no HOST:PORT');
  });
});
