/**
 * Makes a bootable disk of a folder: an EFI partition and one ext4 partition, started by GRUB under BIOS and under UEFI.
 *
 * Invariants: no root, no loop device, no mount; identifiers are fixed; the raw file is sparse and the result is a qcow2
 * that holds only what is not zero.
 */
import { open, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { locate } from './packages.ts';
import { failed, run } from './run.ts';

const MIB = 1 << 20;
const SECTORS_PER_MIB = 2048;
const SIZE_MIB = 4096;
const EFI = { start: 1, size: 8 };
const ROOT = { start: EFI.start + EFI.size, size: SIZE_MIB - EFI.start - EFI.size };
const DISK_ID = 0xcd0de5c0;
const UUID = '0ecd0000-0000-4000-8000-000000000001';
const HASH_SEED = '0ecd0000-0000-4000-8000-000000000002';
/** 2026-01-01: the time in the file system's own records. */
const FAKE_TIME = '1767225600';
const BIOS_MODULES = ['biosdisk', 'part_msdos', 'ext2', 'search_label', 'linux', 'boot'];
const EFI_MODULES = ['part_msdos', 'fat', 'ext2', 'search_label', 'linux', 'boot'];

/** Makes `target` (qcow2) of the folder `root`, in `work`, with the boot loader of the unpacked packages in `tree`. */
export async function makeDisk(
  tree: string,
  root: string,
  work: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const raw = join(work, 'disk.raw');
  await rm(raw, { force: true });
  await writeFile(raw, '');
  await truncate(raw, SIZE_MIB * MIB);
  const config = join(import.meta.dirname, 'guest/grub.cfg');
  const core = join(work, 'core.img');
  const efi = join(work, 'bootx64.efi');
  await grubImage(tree, 'i386-pc', BIOS_MODULES, config, core, signal);
  await grubImage(tree, 'x86_64-efi', EFI_MODULES, config, efi, signal);
  await writeBootRecord(raw, locate(tree, 'usr/lib/grub/i386-pc/boot.img'), core);
  await writeEfiPartition(tree, raw, efi, work, signal);
  const features = 'root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0';
  await run(
    'mke2fs',
    [
      ...['-q', '-F', '-t', 'ext4', '-L', 'cdroot', '-m', '0', '-U', UUID, '-i', '65536', '-J', 'size=16'],
      ...['-O', '^metadata_csum_seed', '-E', `offset=${ROOT.start * MIB},hash_seed=${HASH_SEED},${features}`],
      ...['-d', root, raw, `${ROOT.size * 1024}k`],
    ],
    { env: { E2FSPROGS_FAKE_TIME: FAKE_TIME }, signal },
  );
  await run('qemu-img', ['convert', '-O', 'qcow2', raw, target], { signal });
  await rm(raw);
}

async function grubImage(
  tree: string,
  platform: string,
  modules: string[],
  config: string,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const libraries = ['usr/lib', 'lib'].map((folder) => join(tree, folder, 'x86_64-linux-gnu')).join(':');
  const args = ['-d', join(tree, 'usr/lib/grub', platform), '-O', platform, '-p', '/boot/grub', '-c', config];
  await run(locate(tree, 'usr/bin/grub-mkimage'), [...args, '-o', target, ...modules], {
    env: { LD_LIBRARY_PATH: libraries },
    signal,
  });
}

/** Boot code, partition table, and GRUB's core from the second sector on, where the boot code looks for it. */
async function writeBootRecord(raw: string, bootFile: string, coreFile: string): Promise<void> {
  const disk = await open(raw, 'r+');
  const bootCode = await open(bootFile);
  const core = await open(coreFile);
  try {
    const record = Buffer.alloc(512);
    await bootCode.read(record, 0, 440, 0);
    record.writeUInt32LE(DISK_ID, 440);
    [
      { ...EFI, type: 0xef, active: 0 },
      { ...ROOT, type: 0x83, active: 0x80 },
    ].forEach((part, index) => {
      const at = 446 + 16 * index;
      record.set([part.active, 0xfe, 0xff, 0xff, part.type, 0xfe, 0xff, 0xff], at);
      record.writeUInt32LE(part.start * SECTORS_PER_MIB, at + 8);
      record.writeUInt32LE(part.size * SECTORS_PER_MIB, at + 12);
    });
    record.writeUInt16BE(0x55aa, 510);
    await disk.write(record, 0, 512, 0);
    const content = await core.readFile();
    if (content.length > (EFI.start * SECTORS_PER_MIB - 1) * 512) {
      throw failed(
        'the boot loader is larger than the room before the first partition',
        'Report this as a bug.',
      );
    }
    await disk.write(content, 0, content.length, 512);
  } finally {
    await Promise.all([disk.close(), bootCode.close(), core.close()]);
  }
}

async function writeEfiPartition(
  tree: string,
  raw: string,
  loader: string,
  work: string,
  signal: AbortSignal,
): Promise<void> {
  // mtools takes "FILE@@OFFSET"; its variables keep it from reading settings of the user.
  const image = `${raw}@@${EFI.start * MIB}`;
  const env = { MTOOLSRC: join(work, 'none'), MTOOLS_SKIP_CHECK: '1', SOURCE_DATE_EPOCH: FAKE_TIME };
  const mtools = locate(tree, 'usr/bin/mtools');
  const geometry = [
    '-T',
    String(EFI.size * SECTORS_PER_MIB),
    '-h',
    '16',
    '-s',
    '63',
    '-N',
    '0ecd0001',
    '-v',
    'OPENECD',
  ];
  await run(mtools, ['-c', 'mformat', '-i', image, ...geometry, '::'], { env, signal });
  await run(mtools, ['-c', 'mmd', '-i', image, '::/EFI', '::/EFI/BOOT'], { env, signal });
  await run(mtools, ['-c', 'mcopy', '-i', image, loader, '::/EFI/BOOT/BOOTX64.EFI'], { env, signal });
}
