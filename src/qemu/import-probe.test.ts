import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceIn } from './import-probe.ts';

function qcow2(edit: (head: Buffer) => void): Buffer {
  const head = Buffer.alloc(512);
  head.write('QFI\xfb', 'latin1');
  head.writeUInt32BE(3, 4);
  edit(head);
  return head;
}

describe('referenceIn', () => {
  test.each([
    ['qcow2 alone', qcow2(() => {}), null],
    ['qcow2 with a backing file', qcow2((head) => head.writeBigUInt64BE(512n, 8)), 'backing file'],
    ['qcow2 with a data file', qcow2((head) => head.writeBigUInt64BE(4n, 72)), 'data file'],
    [
      'qcow2 version 2, whose later bytes mean nothing',
      qcow2((head) => {
        head.writeUInt32BE(2, 4);
        head.writeBigUInt64BE(4n, 72);
      }),
      null,
    ],
    ['qcow2 cut off', qcow2(() => {}).subarray(0, 40), 'cut off'],
    [
      'QED with a backing file',
      Buffer.from('QED\0'.padEnd(16, '\0') + '\x01'.padEnd(60, '\0')),
      'backing file',
    ],
    ['QED alone', Buffer.from('QED\0'.padEnd(80, '\0')), null],
    ['VMDK without capacity', Buffer.from('KDMV'.padEnd(80, '\0')), 'other files'],
    ['VMDK alone', Buffer.from(`KDMV${'\0'.repeat(8)}\x09`.padEnd(80, '\0')), null],
    ['VMDK description', Buffer.from('# Disk DescriptorFile\nversion=1\n'), 'description'],
    ['VMDK description after comments', Buffer.from('# x\n \n# Disk DescriptorFile\n'), 'description'],
    ['raw', Buffer.alloc(4096), null],
    ['nothing', Buffer.alloc(0), null],
  ])('%s', (_, head, reason) => {
    if (reason === null) expect(referenceIn(head)).toBeNull();
    else expect(referenceIn(head)).toContain(reason);
  });

  test('answers for any bytes', () => {
    const magic = fc.constantFrom('', 'QFI\xfb\0\0\0\x03', 'QED\0', 'KDMV', '# Disk');
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
        const reason = referenceIn(Buffer.concat([Buffer.from(start, 'latin1'), rest]));
        expect(reason === null || reason.length > 0).toBe(true);
      }),
    );
  });
});
