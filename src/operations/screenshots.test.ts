import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPERATIONS } from './index.ts';
import { Bed, REGION } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
  bed.answers.set('picture', () => ({ width: 640, height: 400, pixels: Buffer.alloc(640 * 400 * 3, 0x55) }));
});
afterEach(() => bed.close());

describe('GetDesktopScreenshot', () => {
  it('gives a picture that fits, with the size of the screen', async () => {
    const id = await bed.desktop();
    const answer = await bed.call('GetDesktopScreenshot', { DesktopId: id, MaxSize: 64 });
    expect(answer).toMatchObject({
      DesktopId: id,
      CaptureTime: '2026-11-24T12:00:00Z',
      ...{ ScreenWidth: 640, ScreenHeight: 400, Width: 64, Height: 40, Format: 'PNG' },
    });
    expect(Buffer.from(answer.Screenshot, 'base64').toString('latin1', 1, 4)).toBe('PNG');
    expect((await bed.call('GetDesktopScreenshot', { DesktopId: id })).Width).toBe(320);
  });

  it.each([
    ['Pending', 'IncorrectDesktopStatus'],
    ['Starting', 'IncorrectDesktopStatus'],
    ['Stopping', 'IncorrectDesktopStatus'],
    ['Stopped', 'IncorrectDesktopStatus'],
    ['Deleted', 'InvalidDesktopId.NotFound'],
  ] as const)('gives none of a desktop that is %s', async (status, wanted) => {
    expect(await bed.codeOf('GetDesktopScreenshot', { DesktopId: await bed.desktop({ status }) })).toBe(
      wanted,
    );
    expect(bed.calls).toEqual([]);
  });

  it('gives none of a desktop of another region, or of none', async () => {
    const id = await bed.desktop({ region_id: 'room-2' });
    for (const parameters of [{ DesktopId: id }, { DesktopId: 'ecd-none' }])
      expect(await bed.codeOf('GetDesktopScreenshot', parameters)).toBe('InvalidDesktopId.NotFound');
    expect(await bed.codeOf('GetDesktopScreenshot', { DesktopId: id, RegionId: 'mars' })).toBe(
      'InvalidRegionId.NotFound',
    );
  });

  it('needs a right of its own on the desktop', () => {
    const { resources } = OPERATIONS.get('GetDesktopScreenshot')!;
    expect(resources!({ RegionId: REGION, DesktopId: 'ecd-9' } as never, bed.services)).toEqual([
      'desktop/ecd-9',
    ]);
  });
});
