/** Breaks every rule of .dependency-cruiser.cjs once, and shows that a tree which keeps them passes. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');
const rules: { forbidden: { name: string }[] } = createRequire(import.meta.url)(CONFIG);

let tree: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'openecd-layers-'));
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  cpSync(join(ROOT, 'package.json'), join(tree, 'package.json'));
  for (const layer of ['api', 'operations', 'desktops', 'snapshots', 'policies', 'disks', 'vault', 'qemu']) {
    write(`src/${layer}/own.ts`, '');
  }
  for (const file of ['catalogue/own', 'disks/qcow2/own', 'errors', 'server', 'cli/main']) {
    write(`src/${file}.ts`, '');
  }
  for (const folder of ['acceptance', 'bench', 'test', 'images', 'scripts', 'console'])
    write(`${folder}/own.ts`, '');
});

afterEach(() => rmSync(tree, { recursive: true }));

function write(file: string, imports: string): void {
  mkdirSync(dirname(join(tree, file)), { recursive: true });
  writeFileSync(join(tree, file), `${imports}\nexport const own = 1;\nexport type Own = number;\n`);
}

/** `file` imports `target`, by value or by type alone. */
function link(file: string, target: string, kind: 'value' | 'type' = 'value'): void {
  write(
    file,
    kind === 'type' ? `import type { Own } from '${target}';` : `import { own as x } from '${target}';`,
  );
}

/** Pairs `rule: from -> to` of what is broken. */
function broken(): string[] {
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
      ...[
        '--config',
        CONFIG,
        '--output-type',
        'json',
        'src',
        'acceptance',
        'bench',
        'test',
        'images',
        'scripts',
        'console',
      ],
    ],
    { cwd: tree, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string; to: string }[] };
  };
  return summary.violations
    .map((one) => `${one.rule.name}: ${one.from} -> ${one.to.replace(/^.*(?=node_modules)/, '')}`)
    .sort();
}

test('a tree that keeps the rules passes', () => {
  link('src/operations/a.ts', '../snapshots/own.ts');
  link('src/snapshots/a.ts', '../vault/own.ts', 'type');
  link('src/desktops/a.ts', '../qemu/own.ts');
  link('src/vault/a.ts', '../errors.ts');
  link('src/vault/a.integ.ts', '../disks/qcow2/own.ts');
  link('src/server.ts', './disks/qcow2/own.ts');
  link('src/cli/main.ts', '../../images/own.ts');
  link('bench/a.ts', '../src/vault/own.ts');
  link('console/a.test.ts', '../acceptance/own.ts');
  link('test/a.ts', '../console/own.ts');
  expect(broken()).toEqual([]);
});

test('every rule is broken by what it forbids', () => {
  link('src/api/a.ts', '../catalogue/own.ts');
  link('src/operations/a.ts', '../qemu/own.ts');
  link('src/desktops/a.ts', '../snapshots/own.ts', 'type');
  link('src/snapshots/a.ts', '../desktops/own.ts');
  link('src/policies/a.ts', '../disks/own.ts');
  link('src/access/a.ts', '../vault/own.ts');
  link('src/disks/a.ts', '../vault/own.ts');
  link('src/vault/a.ts', '../qemu/own.ts', 'type');
  link('src/qemu/a.ts', '../catalogue/own.ts');
  link('src/catalogue/a.ts', '../api/own.ts');
  link('src/errors.ts', './vault/own.ts');
  link('src/snapshots/b.ts', '../disks/qcow2/own.ts');
  link('src/desktops/b.ts', 'fastify');
  link('src/disks/b.ts', 'node:http');
  link('src/server.ts', '../images/own.ts');
  link('src/cli/a.ts', '../../scripts/own.ts');
  link('acceptance/a.ts', '../src/errors.ts');
  link('images/a.ts', '../src/qemu/own.ts');
  link('console/a.tsx', '../src/errors.ts', 'type');
  link('console/b.ts', '../acceptance/own.ts');
  link('bench/a.ts', '../console/own.ts');
  link('src/qemu/c.ts', './d.ts');
  link('src/qemu/d.ts', './c.ts', 'type');
  link('src/qemu/e.ts', './nowhere.ts');
  link('src/qemu/f.ts', 'fast-check');

  expect(broken()).toEqual(
    [
      'layer-api: src/api/a.ts -> src/catalogue/own.ts',
      'layer-operations: src/operations/a.ts -> src/qemu/own.ts',
      'layer-desktops: src/desktops/a.ts -> src/snapshots/own.ts',
      'layer-snapshots: src/snapshots/a.ts -> src/desktops/own.ts',
      'layer-policies: src/policies/a.ts -> src/disks/own.ts',
      'layer-access: src/access/a.ts -> src/vault/own.ts',
      'layer-disks: src/disks/a.ts -> src/vault/own.ts',
      'layer-vault: src/vault/a.ts -> src/qemu/own.ts',
      'layer-qemu: src/qemu/a.ts -> src/catalogue/own.ts',
      'layer-catalogue: src/catalogue/a.ts -> src/api/own.ts',
      'shared-knows-nothing: src/errors.ts -> src/vault/own.ts',
      'qcow2-stays-below: src/snapshots/b.ts -> src/disks/qcow2/own.ts',
      'http-stays-above: src/desktops/b.ts -> node_modules/fastify/fastify.js',
      'http-stays-above: src/disks/b.ts -> http',
      'product-knows-no-tools: src/server.ts -> images/own.ts',
      'command-knows-no-tools: src/cli/a.ts -> scripts/own.ts',
      'acceptance-is-black-box: acceptance/a.ts -> src/errors.ts',
      'images-know-nothing: images/a.ts -> src/qemu/own.ts',
      'console-is-a-client: console/a.tsx -> src/errors.ts',
      'console-knows-no-tests: console/b.ts -> acceptance/own.ts',
      'nothing-imports-the-console: bench/a.ts -> console/own.ts',
      'no-cycles: src/qemu/c.ts -> src/qemu/d.ts',
      'no-unresolvable: src/qemu/e.ts -> ./nowhere.ts',
      'no-dev-dependency: src/qemu/f.ts -> node_modules/fast-check/lib/fast-check.js',
    ].sort(),
  );
});

test('every rule of the table is tried above', () => {
  const source = execFileSync('cat', [import.meta.filename], { encoding: 'utf8' });
  expect(rules.forbidden.map((rule) => rule.name).filter((name) => !source.includes(`'${name}: `))).toEqual(
    [],
  );
});
