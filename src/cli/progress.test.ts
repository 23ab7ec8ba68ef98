import { describe, expect, it } from 'vitest';
import { prettyLine } from './log.ts';
import { bytesText, printTable, timeText } from './output.ts';
import { Progress } from './progress.ts';

function display(isTTY: boolean) {
  let now = 0;
  const written: string[] = [];
  const out = { isTTY, columns: 60, write: (text: string | Uint8Array) => written.push(String(text)) };
  const progress = new Progress('copying', { out, unit: 'bytes', now: () => now });
  return { progress, written, at: (ms: number) => (now = ms) };
}

describe('progress', () => {
  it.each([true, false])('says nothing of what is over at once (terminal: %s)', (isTTY) => {
    const { progress, written, at } = display(isTTY);
    at(900);
    progress.update(50, 100);
    progress.end();
    expect(written).toEqual([]);
  });

  it('is one line that is drawn over on a terminal, and cut to its width', () => {
    const { progress, written, at } = display(true);
    at(1500);
    progress.update(50 * 1024, 100 * 1024);
    at(1550);
    progress.update(60 * 1024, 100 * 1024);
    at(4000);
    progress.end();
    expect(written).toHaveLength(3);
    expect(written[0]).toMatch(/^\r.\[2Kcopying: \[#{10}-{10}\] 50%, 50\.0 KiB of 100/);
    expect(written[0]!.length).toBeLessThanOrEqual(59 + '\r\x1b[2K'.length);
    expect(written.slice(1).join('')).toBe('\r\x1b[2Kcopying: done (4.0 s)\n');
  });

  it('is a plain line now and then elsewhere', () => {
    const { progress, written, at } = display(false);
    for (let ms = 0; ms <= 30_000; ms += 100) {
      at(ms);
      progress.update(ms, 30_000);
    }
    progress.abandon();
    expect(written).toHaveLength(3);
    expect(written.every((line) => /^copying: [^\r\x1b]*\n$/.test(line))).toBe(true);
    expect(written[1]).toContain('left');
  });
});

describe('texts', () => {
  it('are readable', () => {
    expect([bytesText(0), bytesText(1023), bytesText(1536), bytesText(200 * 1024 ** 3)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '200 GiB',
    ]);
    expect([timeText(4200), timeText(187_000), timeText(7_500_000)]).toEqual([
      '4.2 s',
      '3 min 07 s',
      '2 h 05 min',
    ]);
  });

  it('make tables', () => {
    let text = '';
    printTable({ write: (line) => (text += line) }, [
      ['A', 'Long head'],
      ['wide cell', 'x'],
    ]);
    expect(text).toBe('A          Long head\nwide cell  x\n');
  });

  it('make a log line readable', () => {
    const record = {
      level: 40,
      time: '2026-11-24T02:34:45.123Z',
      part: 'vault',
      n: 3,
      msg: 'odd',
      err: { message: 'gone' },
    };
    expect(prettyLine(JSON.stringify(record))).toBe('02:34:45 WARN  odd  gone  part=vault  n=3\n');
    expect(prettyLine('not JSON')).toBe('not JSON');
  });
});
