/** Looks up users of the system, as the passwd database of this host knows them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { EcdError } from './errors.ts';
import type { User } from './qemu/process.ts';

/**
 * Whom QEMU runs as: the user of the setting `qemuUser` when this process is root, undefined (as this process) when it
 * is not or the setting says root. Throws Settings.Invalid when there is no such user.
 */
export function qemuUser(name: string): User | undefined {
  if (process.getuid?.() !== 0 || name === 'root') return undefined;
  const user = lookUpUser(name);
  if (user !== null) return user;
  throw new EcdError('Settings.Invalid', {
    setting: 'qemuUser',
    reason: `there is no user ${name} (useradd --system --shell /usr/sbin/nologin ${name})`,
  });
}

/** The user's ids, or null when there is no such user. Also users of LDAP and the like, through getent. */
export function lookUpUser(name: string): User | null {
  const local = entryOf(readFileSync('/etc/passwd', 'utf8'), name);
  if (local !== null) return local;
  const asked = spawnSync('getent', ['passwd', '--', name], { encoding: 'utf8', timeout: 5000 });
  return asked.status === 0 ? entryOf(asked.stdout, name) : null;
}

function entryOf(passwd: string, name: string): User | null {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}
