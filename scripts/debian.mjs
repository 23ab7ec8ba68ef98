/**
 * Debian's part of the set-up: which programs are there, and installing the packages of those that are not.
 * Plain JavaScript for Node 20 and newer.
 *
 * Invariants: nothing is installed without a yes where somebody can be asked; root is asked for only when there is
 * something to install.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { run, size, tail, task, UserError } from './terminal.mjs';

/** @typedef {{ find: string[], debian: string, why: string }} Need any one of `find` will do */

/** @param {string} program its name, or its absolute path @returns {boolean} */
export function present(program) {
  if (program.startsWith('/')) return existsSync(program);
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

export const isRoot = () => process.getuid?.() === 0;

/** @returns {string[]} what stands before a command that needs root */
function asRoot() {
  if (isRoot()) return [];
  if (present('sudo')) return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
  throw new UserError(
    'This needs root, and there is no sudo.',
    'Run it as root once: node scripts/setup.mjs',
  );
}

/** @param {string[]} args @param {(text: string) => void} update */
async function aptGet(args, update) {
  const options = ['-q', '-y', '-o', 'APT::Status-Fd=1', '-o', 'Dpkg::Use-Pty=0'];
  const command = [...asRoot(), 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', 'apt-get'];
  const { code, output } = await run(command[0], [...command.slice(1), ...options, ...args], {
    onLine: (line) => {
      const status = /^(?:dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line);
      if (status) update(`${Math.round(Number(status[1]))}% ${status[2]}`);
    },
  });
  if (code === 0) return;
  const why = /No space left/.test(output)
    ? 'The disk is full: free some space and run this again.'
    : /Could not get lock|Unable to lock/.test(output)
      ? 'Another program is installing packages: wait for its end and run this again.'
      : /Temporary failure resolving|Could not resolve|Failed to fetch|Unable to connect/.test(output)
        ? 'The package server cannot be reached: look at the network and /etc/apt/sources.list.'
        : /password is required/.test(output)
          ? 'sudo wants a password, and there is no terminal to ask on: run this as root once.'
          : 'Correct it, or install by hand what --check lists.';
  throw new UserError(`apt-get ${args[0]} failed:\n${tail(output)}`, why);
}

/** Number and size of what apt would fetch; undefined when its lists do not know a package. @param {string[]} packages */
async function aptSize(packages) {
  const args = [
    'install',
    '--no-install-recommends',
    '--print-uris',
    '-qq',
    '-y',
    '-o',
    'Debug::NoLocking=1',
  ];
  const { code, output } = await run('apt-get', [...args, ...packages]);
  if (code !== 0) return undefined;
  const files = output.split('\n').filter((line) => line.startsWith("'"));
  return {
    count: files.length,
    bytes: files.reduce((sum, line) => sum + Number(line.split(' ')[2] ?? 0), 0),
  };
}

/** @param {string} question @param {boolean} yes */
async function agreed(question, yes) {
  if (yes || process.env['CI'] || !process.stdin.isTTY || !process.stdout.isTTY) return true;
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await asking.question(`${question} [Y/n] `);
  asking.close();
  return !/^n/i.test(answer.trim());
}

/** @param {Need[]} programs @param {boolean} yes */
export async function installPrograms(programs, yes) {
  const packages = [...new Set(programs.map((need) => need.debian))];
  const list = programs.map((need) => `${need.find[0]}: ${need.why} (Debian: ${need.debian})`).join('\n');
  if (!present('apt-get')) {
    throw new UserError(
      `These programs are missing:\n${list}`,
      'Install them with the package manager of this system, then run this again.',
    );
  }
  let need = await aptSize(packages);
  if (!need) {
    await task('apt-get update', (update) => aptGet(['update'], update));
    need = await aptSize(packages);
  }
  if (!need) {
    throw new UserError(
      `The package lists of this system do not know: ${packages.join(' ')}`,
      `OpenECD is made for Debian 12 or newer. Install these programs by hand, then run this again:\n${list}`,
    );
  }
  process.stdout.write(`Missing:\n${list.replace(/^/gm, '  ')}\n`);
  const question = `Install ${need.count} Debian package(s), ${size(need.bytes)} to download?`;
  process.stdout.write(`${packages.join(' ')}: ${need.count} package(s), ${size(need.bytes)}\n`);
  if (!(await agreed(question, yes))) throw new UserError('Nothing was installed.');
  await task('apt-get install', (update) =>
    aptGet(['install', '--no-install-recommends', ...packages], update),
  );
  const still = programs.filter((one) => !one.find.some(present));
  if (still.length > 0) {
    throw new UserError(
      `Still missing after the installation: ${still.map((one) => one.find[0]).join(', ')}`,
    );
  }
}
