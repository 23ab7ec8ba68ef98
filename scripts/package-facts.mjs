/** What package.json and package-lock.json say of the product. Plain JavaScript for Node 20 and newer. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (/** @type {string} */ file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));

/** @returns {string} */
export const checkoutVersion = () => read('package.json').version;

/** Folders (`node_modules/...`) of the packages that the product needs at run time. @returns {string[]} */
export function productionPackages() {
  const { packages } = read('package-lock.json');
  return Object.keys(packages).filter((path) => path !== '' && packages[path].dev !== true);
}

/** package.json of the installed product. @param {string} version */
export function manifest(version) {
  const { name, description, license, type, engines, bin, dependencies } = read('package.json');
  return { name, version, description, license, type, private: true, engines, bin, dependencies };
}

/** The versions that were tested, for an installation by npm. @param {ReturnType<typeof manifest>} of */
export function shrinkwrap({ name, version, license, bin, engines, dependencies }) {
  const lock = read('package-lock.json');
  const packages = { '': { name, version, license, bin, engines, dependencies } };
  for (const path of productionPackages()) packages[path] = lock.packages[path];
  return { name, version, lockfileVersion: lock.lockfileVersion, requires: true, packages };
}
