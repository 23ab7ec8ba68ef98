/**
 * Who may know whom: the layers, as a table. `npm test` checks it, and scripts/layers.test.ts breaks every rule once.
 *
 * Files of src/ itself that all may use: errors, ids, faults, async, settings and those of bundles. server.ts and cli/ wire everything and may know all.
 * Tests beside the code (*.test.ts, *.integ.ts, *.contract.ts, testing.ts, testing/) may reach anywhere in src/. Type imports count like others.
 * TypeScript 7 has no compiler API yet, so the files are read with swc.
 */
const LAYERS = {
  api: ['operations'],
  operations: ['desktops', 'snapshots', 'policies', 'disks', 'vault', 'catalogue'],
  desktops: ['disks', 'vault', 'catalogue', 'qemu'],
  snapshots: ['disks', 'vault', 'catalogue'],
  policies: ['catalogue'],
  access: ['catalogue'],
  disks: ['qemu'],
  vault: [],
  qemu: [],
  catalogue: [],
};
const SHARED = '^src/(errors|ids|faults|async|settings|bundle-settings)\\.ts$|^src/error-catalogue/';
const TESTS = '(\\.(test|integ|e2e|contract)|/testing)\\.ts$|/testing/';

const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `layer-${layer}`,
  comment: `src/${layer} knows only: ${below.join(', ') || 'nothing but itself'}`,
  severity: 'error',
  from: { path: `^src/${layer}/`, pathNot: TESTS },
  to: { path: '^src/', pathNot: [`^src/(${[layer, ...below].join('|')})/`, SHARED] },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'shared-knows-nothing',
      comment: 'what all may use knows none of them',
      severity: 'error',
      from: { path: SHARED },
      to: { path: '^src/', pathNot: SHARED },
    },
    {
      name: 'qcow2-stays-below',
      comment: 'nothing qcow2-only stands above disks/qcow2',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(disks|cli)/', '^src/server', TESTS] },
      to: { path: '^src/disks/qcow2/' },
    },
    {
      name: 'http-stays-above',
      comment: 'nothing below the door knows HTTP',
      severity: 'error',
      from: {
        path: '^src/(operations|desktops|snapshots|policies|access|disks|vault|qemu|catalogue)/',
        pathNot: TESTS,
      },
      to: { path: '(^|/)node_modules/fastify|^fastify$|^(node:)?https?$' },
    },
    {
      name: 'product-knows-no-tools',
      comment: 'the product imports no test, benchmark or script; only the command knows how to build the image',
      severity: 'error',
      from: { path: '^src/', pathNot: [TESTS, '^src/cli/'] },
      to: { path: '^(acceptance|bench|test|images|scripts)/' },
    },
    {
      name: 'command-knows-no-tools',
      severity: 'error',
      from: { path: '^src/cli/', pathNot: TESTS },
      to: { path: '^(acceptance|bench|test|scripts)/' },
    },
    {
      name: 'acceptance-is-black-box',
      comment: 'the acceptance tests know the service by its door alone',
      severity: 'error',
      from: { path: '^acceptance/' },
      to: { path: '^(src|bench|test|images)/' },
    },
    {
      name: 'images-know-nothing',
      comment: 'building the guest image needs nothing of the service but its errors',
      severity: 'error',
      from: { path: '^images/', pathNot: TESTS },
      to: { path: '^(src|acceptance|bench|test)/', pathNot: SHARED },
    },
    {
      name: 'console-is-a-client',
      comment: 'the console knows the service by its API alone',
      severity: 'error',
      from: { path: '^console/' },
      to: { path: '^(src|bench|test|images|scripts)/' },
    },
    {
      name: 'console-knows-no-tests',
      comment: 'only its tests compare it with what the acceptance tests know',
      severity: 'error',
      from: { path: '^console/', pathNot: TESTS },
      to: { path: '^acceptance/' },
    },
    {
      name: 'nothing-imports-the-console',
      comment: 'the service serves its files; only tests run parts of it',
      severity: 'error',
      from: { path: '^(src|acceptance|bench|images|scripts)/' },
      to: { path: '^console/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency',
      comment: 'what the product imports stands in "dependencies"',
      severity: 'error',
      from: { path: '^src/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json', '.css'],
    },
  },
};
