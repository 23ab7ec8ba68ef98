/**
 * Lays the installed form of OpenECD out in a folder: what the npm package and the Debian package hold.
 * Plain JavaScript; it runs on Node 24 alone, whose type stripping it uses.
 *
 *   node scripts/package-tree.mjs FOLDER [VERSION]
 *
 * Invariants: the checkout is read, never changed; every `.ts` has become the `.js` that Node itself would run, line for
 * line, for Node takes no TypeScript below node_modules; no test is in it; every file of its own that it imports is in it.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkoutVersion, manifest, shrinkwrap } from './package-facts.mjs';
import { UserError } from './terminal.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCES = ['src', 'images'];
const AS_IT_IS = ['README.md', 'CHANGELOG.md', 'LICENSE', 'bin/openecd', 'docs'];
const TESTS = /\.(test|integ|e2e|contract)\.ts$|\/(testing|fixtures)\/|\/(testing|fake-[^/]*)\.ts$/;
/** A relative import of any form, in JavaScript without types. */
const IMPORT = /(\b(?:from|import)\s*\(?\s*['"])(\.{1,2}\/[^'"\n]+)\.ts(?=['"])/g;

/** JavaScript of a TypeScript source, and what it imports relatively. @param {string} source */
export function toJavaScript(source) {
  /** @type {string[]} */
  const imports = [];
  const code = stripTypeScriptTypes(source).replace(IMPORT, (_all, before, path) => {
    imports.push(`${path}.js`);
    return `${before}${path}.js`;
  });
  return { code, imports };
}

/** @param {string} folder new or empty @param {string} version */
export function layOut(folder, version) {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UserError(`${folder} is not empty.`);
  const files = SOURCES.flatMap((source) =>
    readdirSync(join(ROOT, source), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
      .filter((file) => !TESTS.test(file)),
  );
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    if (!file.endsWith('.ts')) {
      cpSync(join(ROOT, file), join(folder, file));
      continue;
    }
    const { code, imports } = toJavaScript(readFileSync(join(ROOT, file), 'utf8'));
    for (const one of imports) {
      const wanted = join(dirname(file), one);
      if (!files.includes(wanted.replace(/\.js$/, '.ts')))
        throw new UserError(`${file} imports ${one}, which is no part of the package.`);
    }
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), code);
  }
  for (const one of AS_IT_IS) cpSync(join(ROOT, one), join(folder, one), { recursive: true });
  const about = manifest(version);
  for (const [name, content] of [
    ['package.json', about],
    ['npm-shrinkwrap.json', shrinkwrap(about)],
  ])
    writeFileSync(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder, version] = process.argv.slice(2);
  layOut(folder, version ?? checkoutVersion());
}
