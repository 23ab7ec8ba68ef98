import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceleratorOf, TCG, tryKvm } from './kvm.ts';

let dir: string;
let device: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kvm-'));
  device = join(dir, 'kvm');
  writeFileSync(device, '');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A program in QEMU's place: boots in software, and with KVM does what `script` says. */
function qemu(script: string): string {
  const file = join(dir, 'qemu');
  writeFileSync(file, `#!/bin/sh\ncase "$*" in *"-accel tcg"*) exit 33;; esac\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

test('the first processor model that a guest boots with is taken', async () => {
  expect(await tryKvm(qemu('exit 33'), undefined, device)).toMatchObject({ state: 'usable', cpu: 'host' });
  const second = `case "$*" in *"-cpu host,-arch-capabilities"*) exit 33;; esac; echo no >&2; exit 134`;
  const found = await tryKvm(qemu(second), undefined, device);
  expect(found).toMatchObject({ state: 'usable', cpu: 'host,-arch-capabilities' });
  expect(acceleratorOf('auto', found)).toEqual({ name: 'kvm', cpu: 'host,-arch-capabilities' });
  expect(acceleratorOf('tcg', found)).toEqual(TCG);
});

test('a device that opens and does not work is not used, unless that was asked for', async () => {
  const found = await tryKvm(qemu('echo "cannot set a register" >&2; exit 134'), undefined, device);
  expect(found).toMatchObject({ state: 'broken', reason: expect.stringContaining('cannot set a register') });
  expect(acceleratorOf('auto', found)).toEqual(TCG);
  expect(acceleratorOf('kvm', found).name).toBe('kvm');
});

test('a guest that boots much slower than in software is no use', async () => {
  const found = await tryKvm(qemu('exec sleep 20'), undefined, device);
  expect(found).toMatchObject({ state: 'broken', reason: expect.stringContaining('to boot') });
});

test('no device, and no program to try it with', async () => {
  expect(await tryKvm('/bin/true', undefined, join(dir, 'none'))).toMatchObject({ state: 'absent' });
  expect(await tryKvm(null, undefined, device)).toMatchObject({ state: 'broken' });
  expect(await tryKvm('/bin/false', undefined, device)).toMatchObject({
    state: 'broken',
    reason: expect.stringContaining('in software either'),
  });
});
