#!/usr/bin/env node
/**
 * `npm run deb`: the Debian package. Plain JavaScript for Node 20 and newer; the rest does dpkg-deb.
 *
 * Layout: /usr/lib/openecd holds what the npm package holds, its production node_modules and a Node of its own, where
 * bin/openecd looks for it; /usr/bin/openecd points there. packaging/debian/ holds what only this package has.
 *
 * Invariants: the package needs nothing of the machine it was made on but the processor; all files belong to root;
 * the file appears whole or not at all, and nothing else is left behind.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { layOutWith, workFolder } from './pack.mjs';
import { checkoutVersion, productionPackages } from './package-facts.mjs';
import { fetchNode, NEEDS, ownNode, setup } from './setup.mjs';
import { run, size, tail, task, UserError } from './terminal.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PACKAGING = join(ROOT, 'packaging/debian');
const HOME = 'usr/lib/openecd';
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
/** The oldest QEMU that the service takes. */
const QEMU_AT_LEAST = '1:7.2';
/** What the Node of the npm package, the maintainer scripts and /bin/openecd call. */
const MORE_NEEDS = ['acl', 'libc-bin', 'libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6', 'passwd'];
const CONFFILES = { config: 'etc/openecd/config', default: 'etc/default/openecd' };
const FILES = {
  ...CONFFILES,
  'openecd.service': 'usr/lib/systemd/system/openecd.service',
  'kvm.rules': 'usr/lib/udev/rules.d/70-openecd-kvm.rules',
  copyright: 'usr/share/doc/openecd/copyright',
};
const SCRIPTS = ['postinst', 'prerm', 'postrm'];

const HELP = `Usage: npm run deb [-- --out DIR] [--version VERSION]

Makes openecd_VERSION_ARCHITECTURE.deb for this machine's processor, with a Node of its own.

  --out DIR          where it goes (the current directory)
  --version VERSION  another version than that of package.json
`;

/** @param {string} version @param {string} architecture @param {number} bytes */
function control(version, architecture, bytes) {
  const qemu = (/** @type {string} */ name) =>
    name.startsWith('qemu') ? `${name} (>= ${QEMU_AT_LEAST})` : name;
  const depends = [...new Set(NEEDS.map((need) => qemu(need.debian))), ...MORE_NEEDS].sort();
  const { DEBFULLNAME = 'The OpenECD authors', DEBEMAIL = 'openecd@example.invalid' } = process.env;
  return `Package: openecd
Version: ${version}
Architecture: ${architecture}
Maintainer: ${DEBFULLNAME} <${DEBEMAIL}>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: ${depends.join(', ')}
Recommends: openssl
Section: admin
Priority: optional
Description: cloud desktops with disk snapshots, behind the ECD API
 A server with the API of Alibaba Cloud Elastic Desktop Service (version
 2020-09-30). A desktop is a QEMU machine on this host; CreateSnapshot holds
 its disk as it was at that instant, in a deduplicated store.
`;
}

/** Regular files below the folder, relative to it. @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Modes that do not depend on the umask of the checkout. @param {string} folder */
function setModes(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644);
  }
}

/** Program, packages and Node below /usr/lib. @param {string} tree @param {string} node folder of its npm package @param {string} version */
async function layOutProgram(tree, node, version) {
  const home = join(tree, HOME);
  await layOutWith(join(node, 'bin/node'), home, version);
  for (const one of productionPackages()) cpSync(join(ROOT, one), join(home, one), { recursive: true });
  const target = join(home, '.node/node_modules', `node-linux-${process.arch}`);
  mkdirSync(join(target, 'bin'), { recursive: true });
  for (const one of ['bin/node', 'package.json', 'LICENSE']) cpSync(join(node, one), join(target, one));
  const docs = join(tree, 'usr/share/doc/openecd');
  mkdirSync(docs, { recursive: true });
  for (const one of ['README.md', 'CHANGELOG.md', 'docs']) renameSync(join(home, one), join(docs, one));
  mkdirSync(join(tree, 'usr/bin'));
  symlinkSync('../lib/openecd/bin/openecd', join(tree, 'usr/bin/openecd'));
}

/** The package as a folder. @param {string} tree @param {string} node @param {string} version @param {string} architecture */
async function layOut(tree, node, version, architecture) {
  await layOutProgram(tree, node, version);
  for (const [name, path] of Object.entries(FILES)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    cpSync(join(PACKAGING, name), join(tree, path));
  }
  setModes(tree);
  // It may hold the token of /metrics.
  chmodSync(join(tree, CONFFILES.config), 0o600);
  const files = filesBelow(tree);
  const bytes = files.reduce((sum, file) => sum + statSync(join(tree, file)).size, 0);
  const sums = files
    .filter((file) => !file.startsWith('etc/'))
    .map(
      (file) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, file)))
          .digest('hex')}  ${file}\n`,
    );
  const about = join(tree, 'DEBIAN');
  mkdirSync(about, { mode: 0o755 });
  writeFileSync(join(about, 'control'), control(version, architecture, bytes), { mode: 0o644 });
  writeFileSync(join(about, 'md5sums'), sums.join(''), { mode: 0o644 });
  const conffiles = Object.values(CONFFILES).map((file) => `/${file}\n`);
  writeFileSync(join(about, 'conffiles'), conffiles.join(''), { mode: 0o644 });
  for (const name of SCRIPTS) {
    cpSync(join(PACKAGING, name), join(about, name));
    chmodSync(join(about, name), 0o755);
  }
}

async function main() {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, version: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return void process.stdout.write(HELP);
  const architecture = ARCHITECTURES[/** @type {'x64'} */ (process.arch)];
  if (!architecture) throw new UserError(`There is no package for ${process.arch}, only for x64 and arm64.`);
  const version = values.version ?? checkoutVersion();
  if (!/^\d[A-Za-z0-9.+~-]*$/.test(version)) throw new UserError(`${version} is no version of a package.`);
  const out = resolve(values.out ?? '.');
  await setup({ yes: true, programs: false });
  if (!ownNode()) await fetchNode();
  const node = /** @type {string} */ (ownNode());
  mkdirSync(out, { recursive: true });
  const file = `openecd_${version}_${architecture}.deb`;
  const work = workFolder('deb');
  const made = mkdtempSync(join(out, '.deb-'));
  try {
    await task(file, async () => {
      const tree = join(work, 'tree');
      mkdirSync(tree);
      await layOut(tree, node, version, architecture);
      // zstd: 3 seconds against 45 with xz, and a quarter larger.
      const options = ['--root-owner-group', '-Zzstd', '-z9', '--build'];
      const { code, output } = await run('dpkg-deb', [...options, tree, join(made, file)]);
      if (code !== 0) throw new UserError(`dpkg-deb failed:\n${tail(output)}`, 'It is of the package dpkg.');
    });
    renameSync(join(made, file), join(out, file));
    process.stdout.write(`${join(out, file)}  ${size(statSync(join(out, file)).size)}\n`);
  } finally {
    for (const one of [work, made]) rmSync(one, { recursive: true, force: true });
  }
}

main().catch((error) => {
  process.stderr.write(`${error instanceof UserError ? error.message : error.stack}\n`);
  process.exitCode = 1;
});
