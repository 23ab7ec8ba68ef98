import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EcdError } from '../errors.ts';
import { OPERATIONS } from './index.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
let ids: string[];
beforeEach(async () => {
  bed = new Bed();
  ids = [await bed.desktop(), await bed.desktop()];
  await bed.disk(ids[0]!, 'system', 2 ** 30);
  await bed.disk(ids[0]!, 'data', 2 ** 30);
  await bed.disk(ids[1]!, 'system', 2 ** 30);
});
afterEach(() => bed.close());

const did = () => bed.calls.map(({ what }) => what);

describe.each([
  ['StopDesktops', 'stop', 'true'],
  ['RebootDesktops', 'reboot', true],
] as const)('%s with CreateSnapshot', (name, method, yes) => {
  it('holds every disk, and then goes on, with one nonce', async () => {
    let n = 0;
    bed.answers.set('take', () => `s-${n++}`);
    await bed.call(name, { DesktopId: ids, CreateSnapshot: yes });
    expect(did()).toEqual(['take', 'take', 'take', method]);
    const asked = bed.calls.slice(0, 3).map(({ args }) => args[0] as Record<string, unknown>);
    expect(asked.map((one) => `${one['desktopId']} ${one['diskType']}`).sort()).toEqual(
      [`${ids[0]} data`, `${ids[0]} system`, `${ids[1]} system`].sort(),
    );
    for (const one of asked)
      expect(one).toMatchObject({ name: 'before stop 2026-11-24T12:00:00Z', type: 'USER', creator: 'alice' });
    expect([...bed.claims]).toEqual([bed.context.claim]);
    expect(bed.alsoMade).toEqual(['snapshot/s-0', 'snapshot/s-1', 'snapshot/s-2']);
  });

  it('stops nothing and leaves no snapshot when a disk cannot be held', async () => {
    bed.answers.set('take', (request) => {
      const { desktopId } = request as { desktopId: string };
      if (desktopId === ids[1]) throw new EcdError('OperationDenied.DiskInUse', { path: 'disk' });
      return 's-taken';
    });
    expect(await bed.codeOf(name, { DesktopId: ids, CreateSnapshot: yes })).toBe('OperationDenied.DiskInUse');
    expect(did()).not.toContain(method);
    expect(bed.calls.at(-1)).toEqual({ what: 'remove', args: [REGION, ['s-taken', 's-taken']] });
    expect(bed.alsoMade).toEqual([]);
  });

  it('tells the audit log of what it had to leave', async () => {
    bed.answers.set(method, () => {
      throw new EcdError('IncorrectDesktopStatus', { status: 'Stopping', wanted: 'Running' });
    });
    bed.answers.set('remove', () => {
      throw new EcdError('Catalogue.Unavailable', { reason: 'a transaction failed' });
    });
    expect(await bed.codeOf(name, { DesktopId: [ids[1]], CreateSnapshot: yes })).toBe(
      'IncorrectDesktopStatus',
    );
    expect(bed.alsoMade).toEqual(['snapshot/s-fake']);
  });

  it('leaves no snapshot when the desktops cannot be stopped', async () => {
    bed.answers.set(method, () => {
      throw new EcdError('IncorrectDesktopStatus', { status: 'Stopping', wanted: 'Running' });
    });
    expect(await bed.codeOf(name, { DesktopId: ids, CreateSnapshot: yes })).toBe('IncorrectDesktopStatus');
    expect(did()).toEqual(['take', 'take', 'take', method, 'remove']);
  });

  it('takes none of desktops that do not run, or are not there', async () => {
    const stopped = await bed.desktop({ status: 'Stopped' });
    await bed.disk(stopped, 'system', 2 ** 30);
    const code = (DesktopId: string[]) => bed.codeOf(name, { DesktopId, CreateSnapshot: yes });
    expect(await code([ids[0]!, stopped])).toBe('IncorrectDesktopStatus');
    expect(await code([ids[0]!, 'ecd-none'])).toBe('InvalidDesktopId.NotFound');
    expect(did()).toEqual([]);
  });

  it('demands the right to make snapshots, too', async () => {
    const { resources } = OPERATIONS.get(name)!;
    const of = (CreateSnapshot?: unknown) =>
      resources!({ RegionId: REGION, DesktopId: ['ecd-1'], CreateSnapshot } as never, bed.services);
    expect(await of(yes)).toEqual(['desktop/ecd-1', 'snapshot/new']);
    expect(await of()).toEqual(['desktop/ecd-1']);
  });

  it('without it holds nothing', async () => {
    await bed.call(name, { DesktopId: ids });
    await bed.call(name, { DesktopId: ids, CreateSnapshot: yes === true ? false : 'false' });
    expect(did()).toEqual([method, method]);
  });
});
