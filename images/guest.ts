/**
 * Lays out what is in the demo guest: the root file system as a folder, and the initial RAM disk.
 *
 * Invariants: programs come from Debian packages, scripts from images/guest/; every library a program needs is there;
 * kernel modules are loaded by plain lists, in an order in which each follows what it depends on.
 */
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { cpio, directory, file, link } from './cpio.ts';
import { neededLibraries } from './elf.ts';
import { locate } from './packages.ts';
import { failed, run } from './run.ts';

const GUEST = join(import.meta.dirname, 'guest');
const LIBRARIES = 'lib/x86_64-linux-gnu';
/** The program itself, one that is the real thing here, and one that dies of name look-ups in a static glibc. */
const NOT_LINKED = /^(bin\/busybox|sbin\/mke2fs|usr\/bin\/wget)$/;

/** What finds and mounts the root file system. */
const EARLY = ['virtio_pci', 'virtio_blk', 'virtio_scsi', 'sd_mod', 'ext4'];
const LATER = ['virtio_console', 'virtio_net', 'button', 'evdev', 'virtio_balloon', 'virtio_rng'];
const SCRIPTS = { rcS: 'etc/rcS', rcK: 'etc/rcK', 'rc.data': 'etc/rc.data', 'udhcpc.sh': 'etc/udhcpc.sh' };
const PROGRAMS = {
  screen: 'usr/local/bin/screen',
  seqwriter: 'usr/bin/seqwriter',
  iolat: 'usr/bin/iolat',
};

interface Modules {
  /** Decompressed modules by name. */
  readonly content: ReadonlyMap<string, Buffer>;
  readonly early: readonly string[];
  readonly all: readonly string[];
}

/** Lays the root file system out below `root`, /boot with it. */
export async function layOutGuest(tree: string, root: string, signal: AbortSignal): Promise<void> {
  const busybox = locate(tree, 'bin/busybox');
  await rm(root, { recursive: true, force: true });
  const folders = [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'usr/local/bin',
    'etc/acpi/PWRF',
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
  ];
  const more = ['data', 'root', 'var/log', 'lib64', LIBRARIES, 'lib/modules', 'boot/grub'];
  for (const folder of [...folders, ...more]) await mkdir(join(root, folder), { recursive: true });
  await symlink('/run', join(root, 'var/run'));

  await copyFile(busybox, join(root, 'bin/busybox'));
  const applets = (await run(busybox, ['--list-full'], { signal })).toString().trim().split('\n');
  for (const applet of applets) {
    if (NOT_LINKED.test(applet)) continue;
    await mkdir(dirname(join(root, applet)), { recursive: true });
    await symlink('/bin/busybox', join(root, applet)).catch(() => {});
  }
  await symlink('/bin/busybox', join(root, 'sbin/init')).catch(() => {});
  await copyFile(locate(tree, 'sbin/qemu-ga'), join(root, 'sbin/qemu-ga'));
  await copyFile(locate(tree, 'sbin/mke2fs'), join(root, 'sbin/mke2fs'));
  await copyFile(locate(tree, 'bin/perl'), join(root, 'usr/bin/perl'));
  const perl = `usr/${LIBRARIES}/perl-base`;
  await cp(join(tree, perl), join(root, perl), {
    recursive: true,
    filter: (path) => !path.includes('/unicore'),
  });
  await copyLibraries(tree, root, ['sbin/qemu-ga', 'sbin/mke2fs', 'usr/bin/perl']);

  for (const [from, to] of Object.entries({ ...SCRIPTS, ...PROGRAMS, inittab: 'etc/inittab' })) {
    await install(from, join(root, to));
  }
  await install('shutdown', join(root, 'sbin/shutdown'));
  await install('power-button', join(root, 'etc/acpi/PWRF/00000080'));
  await writeFile(join(root, 'etc/passwd'), 'root::0:0:root:/root:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
  await writeFile(join(root, 'etc/fstab'), '/dev/root / ext4 rw 0 0\n');
  await writeFile(join(root, 'etc/os-release'), 'PRETTY_NAME="OpenECD demo desktop"\nID=openecd-demo\n');

  const modules = await findModules(tree, busybox, signal);
  for (const [name, content] of modules.content)
    await writeFile(join(root, `lib/modules/${name}.ko`), content);
  const later = modules.all.filter((name) => !modules.early.includes(name));
  await writeFile(join(root, 'etc/modules.list'), `${later.join('\n')}\n`);
  const boot = locate(tree, 'boot');
  const kernel = (await readdir(boot)).find((name) => name.startsWith('vmlinuz-'));
  if (!kernel) throw failed('the kernel package holds no kernel', 'Remove the cache folder and try again.');
  await copyFile(join(boot, kernel), join(root, 'boot/vmlinuz'));
  await writeFile(join(root, 'boot/initrd.img'), await initialRamDisk(busybox, modules));
}

async function install(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await copyFile(join(GUEST, from), to);
  await chmod(to, 0o755);
}

async function copyLibraries(tree: string, root: string, programs: readonly string[]): Promise<void> {
  const queue = programs.map((program) => join(root, program));
  const seen = new Set<string>();
  for (const elf of queue) {
    for (const name of neededLibraries(await readFile(elf))) {
      if (seen.has(name)) continue;
      seen.add(name);
      const to = name.startsWith('ld-linux') ? join(root, 'lib64', name) : join(root, LIBRARIES, name);
      await copyFile(await realpath(locate(tree, `${LIBRARIES}/${name}`, `lib64/${name}`)), to);
      queue.push(to);
    }
  }
  const loader = 'ld-linux-x86-64.so.2';
  await copyFile(
    await realpath(locate(tree, `${LIBRARIES}/${loader}`, `lib64/${loader}`)),
    join(root, 'lib64', loader),
  );
}

async function findModules(tree: string, busybox: string, signal: AbortSignal): Promise<Modules> {
  const parent = locate(tree, 'lib/modules');
  const [version = ''] = await readdir(parent);
  const files = new Map<string, string>();
  for (const path of await readdir(join(parent, version), { recursive: true })) {
    const name = /([^/]+)\.ko(\.xz)?$/.exec(path)?.[1];
    if (name) files.set(name.replaceAll('-', '_'), join(parent, version, path));
  }
  const builtin = await readFile(join(parent, version, 'modules.builtin'), 'utf8');
  const isBuiltIn = (name: string) =>
    builtin.split('\n').some((path) => basename(path, '.ko').replaceAll('-', '_') === name);
  const content = new Map<string, Buffer>();
  const add = async (name: string): Promise<void> => {
    if (content.has(name) || isBuiltIn(name)) return;
    const path = files.get(name);
    if (!path)
      throw failed(
        `the kernel package holds no module ${name}`,
        'The packages of this Debian release differ.',
      );
    const raw = await readFile(path);
    const module = path.endsWith('.xz') ? await run(busybox, ['unxz', '-c'], { input: raw, signal }) : raw;
    const depends = /\0depends=([^\0]*)\0/.exec(module.toString('latin1'))?.[1] ?? '';
    for (const other of depends.split(',').filter((one) => one !== '')) await add(other.replaceAll('-', '_'));
    content.set(name, module);
  };
  for (const name of EARLY) await add(name);
  const early = [...content.keys()];
  for (const name of LATER) await add(name);
  return { content, early, all: [...content.keys()] };
}

async function initialRamDisk(busybox: string, modules: Modules): Promise<Buffer> {
  const folders = ['bin', 'modules', 'dev', 'proc', 'sys', 'newroot'].map(directory);
  const archive = cpio([
    ...folders,
    file('bin/busybox', await readFile(busybox)),
    link('bin/sh', 'busybox'),
    file('init', await readFile(join(GUEST, 'initrd-init'))),
    file('modules.list', Buffer.from(`${modules.early.join('\n')}\n`)),
    ...modules.early.map((name) => file(`modules/${name}.ko`, modules.content.get(name) ?? Buffer.alloc(0))),
  ]);
  return gzipSync(archive, { level: 9 });
}
