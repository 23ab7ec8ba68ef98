/**
 * What commands on this computer change of who may do what, and the rows of it in the audit log.
 *
 * Invariants: the rows go in the transaction of the change, so that neither is there without the other; they hold names
 * and ids, never a secret; all rows of one command have one RequestId. `UserName` is a user of the operating system, which
 * the source `local` says: it may be the name of one of the service, too. It is told for honest administrators; who can write the
 * catalogue can write anything into it.
 */
import { userInfo } from 'node:os';
import { writeAudit } from '../access/audit.ts';
import type { Catalogue, Trx } from '../catalogue/catalogue.ts';
import { newId, systemClock } from '../ids.ts';

/** One change. */
export interface Deed {
  /** As the public access-control service calls it. */
  readonly operation: string;
  /** `user/NAME`, `key/ID`, `accesspolicy/NAME`. */
  readonly resources: readonly string[];
  readonly reason?: string;
}

/** The environment of the command. */
type Env = Readonly<Record<string, string | undefined>>;

const SOURCE = 'local';
const LOCAL_NAME = /^[^\s\p{Cc}]{1,256}$/u;

/** Does `work` in one transaction, with a row for each deed that it tells. */
export function telling<T>(
  catalogue: Catalogue,
  env: Env,
  work: (trx: Trx, tell: (deed: Deed) => void) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const [requestId, userName] = [newId.request(), localUser(env)];
  return catalogue.transaction(async (trx) => {
    const deeds: Deed[] = [];
    const result = await work(trx, (deed) => void deeds.push(deed));
    const seconds = (performance.now() - started) / 1000;
    const answered = { kind: 'write', accessKeyId: '', source: SOURCE, status: 200, code: 'OK' } as const;
    const entries = deeds.map((deed) => ({ ...answered, requestId, userName, seconds, ...deed }));
    await writeAudit(trx, entries, systemClock());
    return result;
  });
}

/** Who runs the command: whom sudo speaks for, else the user of the process. */
export function localUser(env: Env): string {
  const { SUDO_USER: asker = '' } = env;
  if (LOCAL_NAME.test(asker)) return asker;
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** A deed on a key of a user; `status` is what it was given. */
export function keyDeed(operation: string, id: string, userName: string, status?: string): Deed {
  const deed = { operation, resources: [`key/${id}`, `user/${userName}`] };
  return status === undefined ? deed : { ...deed, reason: status };
}
