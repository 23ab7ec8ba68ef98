/**
 * What a snapshot of a running desktop says of its file systems: `filesystem` only when the guest held them still from
 * before the switch until after it. The real quiescing, over a socket to an agent that is played; time stands still.
 */
import pino from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Claim } from '../catalogue/nonces.ts';
import { AgentLink } from '../desktops/agent-link.ts';
import { Quiesce } from '../desktops/quiesce.ts';
import { EcdError } from '../errors.ts';
import { faults } from '../faults.ts';
import { type Answer, type FakePeer, fakeAgent } from '../qemu/fake-peer.ts';
import type { TakeRequest } from './intend.ts';
import { take } from './take.ts';
import { ImageBed, REGION } from './testing/image-bed.ts';

const silent = pino({ level: 'silent' });
const REQUEST: TakeRequest = {
  regionId: REGION,
  desktopId: 'ecd-1',
  diskType: 'system',
  name: 'n',
  description: '',
  creator: 'alice',
  type: 'USER',
};
/** Longer than a freeze may stand, and too short for the thaw itself to be late. */
const LATE_MS = 6_000;

/** Does what it is asked. */
const politely: Answer = (command, to) => {
  told.push(command.execute.replace('guest-fsfreeze-', ''));
  to.send({ return: filesystems });
};

let bed: ImageBed;
let peer: FakePeer;
let link: AgentLink;
/** What has happened, in order. */
let told: string[];
let filesystems: number;
let answer: Answer;
beforeEach(async () => {
  bed = await ImageBed.open();
  [told, filesystems, answer] = [[], 2, politely];
  peer = await fakeAgent((command, to) => answer(command, to));
  link = new AgentLink(peer.path, silent);
  link.portChanged(true);
  await expect.poll(() => link.agent).not.toBeNull();
  told = [];
  const quiesce = new Quiesce(link, silent);
  Object.assign(bed.ctx.desktops, {
    live: () => ({ qmp: null, device: 'system' }),
    quiesce: (_: string, ms: number) => quiesce.freeze(ms),
  });
  Object.assign(bed.ctx.pool, {
    presync: async () => {},
    freeze: async () => void told.push('switch'),
    topLayer: async () => 'l-system',
  });
  await bed.db.updateTable('desktops').set({ status: 'Running' }).execute();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(async () => {
  faults.clear();
  vi.useRealTimers();
  link.close();
  await peer.close();
  await bed.catalogue.close();
});

async function consistency(): Promise<string | null> {
  const id = await take(bed.ctx, REQUEST, Claim.none());
  const found = bed.db.selectFrom('snapshots').select('consistency').where('id', '=', id);
  return (await found.executeTakeFirstOrThrow()).consistency;
}

const thaws = () => told.filter((each) => each === 'thaw').length;

it('held still all the time: filesystem', async () => {
  expect(await consistency()).toBe('filesystem');
  expect(told).toEqual(['freeze', 'switch', 'thaw']);
});

it('thawed by its deadline before the switch: crash, though the thaw said that it had been frozen', async () => {
  faults.set('take.quiesced', async () => {
    await vi.advanceTimersByTimeAsync(LATE_MS);
    await expect.poll(thaws).toBe(1);
  });
  expect(await consistency()).toBe('crash');
  expect(told).toEqual(['freeze', 'thaw', 'switch']);
});

it('thawed by its deadline during the switch: crash', async () => {
  faults.set('take.frozen', async () => {
    await vi.advanceTimersByTimeAsync(LATE_MS);
    await expect.poll(thaws).toBe(1);
  });
  expect(await consistency()).toBe('crash');
  expect(told).toEqual(['freeze', 'switch', 'thaw']);
});

it('no file system held still: crash', async () => {
  filesystems = 0;
  expect(await consistency()).toBe('crash');
  expect(told).toEqual(['freeze', 'switch', 'thaw']);
});

it('a thaw that is not answered: crash', async () => {
  answer = (command, to) =>
    command.execute === 'guest-fsfreeze-thaw' ? told.push('mute') : politely(command, to);
  faults.set('take.frozen', () => void setImmediate(() => vi.advanceTimersByTimeAsync(6000)));
  expect(await consistency()).toBe('crash');
});

it('an agent that is late to freeze: crash, and it is not waited for', async () => {
  answer = () => void setImmediate(() => vi.advanceTimersByTimeAsync(3000));
  expect(await consistency()).toBe('crash');
  expect(told).toEqual(['switch']);
});

it('a switch that fails: the guest is thawed, and nothing is left', async () => {
  const refused = new EcdError('Qemu.CommandFailed', { command: 'transaction', reason: 'no' });
  bed.ctx.pool.freeze = async () => {
    throw refused;
  };
  await expect(consistency()).rejects.toMatchObject({ code: 'OperationDenied.SnapshotFailed' });
  expect(told).toEqual(['freeze', 'thaw']);
  expect(await bed.db.selectFrom('snapshots').selectAll().execute()).toEqual([]);
  expect(await bed.db.selectFrom('disks').selectAll().where('intent', 'is not', null).execute()).toEqual([]);
});
