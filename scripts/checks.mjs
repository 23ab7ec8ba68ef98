/**
 * The checks of `npm test` that are no vitest tests: types, style, layers, length of files. Each counts as one test.
 *
 * Invariant: a check that cannot run has failed.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './terminal.mjs';

const SOURCES = ['src', 'acceptance', 'bench', 'images', 'scripts', 'test', 'console'];
const MOST_LINES = 300;

/** Source files over 300 lines, as "path: lines". @param {string} root @returns {string[]} */
export function tooLong(root) {
  const files = SOURCES.flatMap((folder) => {
    try {
      return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
        join(folder, file),
      );
    } catch {
      return [];
    }
  });
  return files
    .filter(
      (file) =>
        /\.(ts|tsx|mts|mjs|cjs|js|sh)$/.test(file) && !/node_modules|^console\/(dist|\.build)/.test(file),
    )
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ file, lines }) => `${file}: ${lines} lines, ${MOST_LINES} at the most`);
}

/**
 * The checks in order: name and a function that answers what is wrong, or '' when all is well.
 * @param {string} root @param {string} node
 * @returns {{ name: string, check: () => Promise<string> }[]}
 */
export function checks(root, node) {
  const tool = async (/** @type {string} */ file, /** @type {string[]} */ args) => {
    const { code, output } = await run(node, [join(root, 'node_modules', file), ...args], { cwd: root });
    return code === 0 ? '' : tail(output, 60) || `exit code ${code}`;
  };
  const there = SOURCES.filter((folder) => readdirSync(root).includes(folder));
  const cruised = there.map((folder) => (folder === 'console' ? 'console/src' : folder));
  return [
    {
      name: 'types (tsc)',
      check: () => tool('typescript/bin/tsc', ['-p', '.', '--noEmit', '--pretty', 'false']),
    },
    {
      name: 'types of the console (tsc)',
      check: () => tool('typescript/bin/tsc', ['-p', 'console', '--noEmit', '--pretty', 'false']),
    },
    {
      name: 'style (biome)',
      check: () => tool('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--colors=off']),
    },
    {
      name: 'layers (dependency-cruiser)',
      check: async () => {
        const said = await tool('dependency-cruiser/bin/dependency-cruiser.mjs', cruised);
        // It warns that TypeScript 7 has no compiler API; swc reads the files instead.
        return said.replace(/\n*\S* ?missing-tsc-transpiler[\s\S]*$/, '');
      },
    },
    { name: `no source file over ${MOST_LINES} lines`, check: async () => tooLong(root).join('\n') },
  ];
}
