/**
 * A door with the real operations, a real catalogue, real rights, limits and audit log, wired as src/server.ts does; only
 * desktops and snapshots themselves are fakes.
 *
 * Invariant: `close` fails if the log holds a secret.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demandNoLeaks, noteDataDir } from '../../../acceptance/support/search.ts';
import { noteKey } from '../../../acceptance/support/secrets.ts';
import { buildDoor } from '../../api/door.ts';
import type { DoorPorts, DoorSettings } from '../../api/ports.ts';
import { type AuditRecord, readAudit } from '../../catalogue/audit-rows.ts';
import { CheapNonces } from '../../catalogue/cheap-nonces.ts';
import { createKey, KeyStore, type NewKey, openKeySecrets } from '../../catalogue/keys.ts';
import { Claim, spendNonce } from '../../catalogue/nonces.ts';
import type { SecretBox } from '../../catalogue/secrets.ts';
import { createTemporaryKey, type TemporaryKey } from '../../catalogue/temporary-keys.ts';
import { newId } from '../../ids.ts';
import { OPERATIONS } from '../../operations/index.ts';
import { Bed } from '../../operations/testing/bed.ts';
import { AuditLog } from '../audit.ts';
import { type RateLimits, Throttle } from '../limits.ts';
import { RightsTable } from '../rights.ts';
import { attachPolicy, createUser, putPolicy } from '../users.ts';

export interface AccessDoorOptions {
  readonly limits?: RateLimits;
  readonly clock?: () => number;
  readonly auditReads?: boolean;
  readonly settings?: DoorSettings;
}

export class AccessDoor {
  readonly bed: Bed;
  readonly logged: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'openecd-access-'));
  #close: () => Promise<void> = async () => {};
  #audit: AuditLog | undefined;
  box!: SecretBox;
  /** `127.0.0.1:PORT` */
  host = '';
  #policies = 0;

  /** `settings` as in the file of the service. */
  constructor(settings: object = {}) {
    this.bed = new Bed(settings);
  }

  async start(options: AccessDoorOptions = {}): Promise<this> {
    const { catalogue } = this.bed;
    const clock = options.clock ?? Date.now;
    const line = (...what: unknown[]) => void this.logged.push(JSON.stringify(what));
    const log = { error: line, warn: line, debug: line };
    this.box = await openKeySecrets(catalogue, join(this.#folder, 'secret.key'));
    const throttle = new Throttle(options.limits ?? { userPerSecond: 0, apiPerSecond: 0 }, clock);
    const audit = new AuditLog(catalogue, { reads: options.auditReads ?? false, clock, log });
    this.#audit = audit;
    const cheapNonces = new CheapNonces(catalogue);
    const door = buildDoor({
      operations: OPERATIONS,
      services: this.bed.services,
      keys: new KeyStore(catalogue, this.box, clock),
      nonces: {
        claim: (accessKeyId, nonce, expiresMs) => new Claim(accessKeyId, nonce, expiresMs),
        spend: (claim, cheap) => (cheap ? cheapNonces.spend(claim) : spendNonce(catalogue, claim)),
      },
      clock,
      newRequestId: newId.request,
      log: log as DoorPorts['log'],
      access: new RightsTable(catalogue, '100', clock),
      throttle: (caller, operation) => throttle.take(caller.accessKeyId, operation.name),
      audit: (answer) => audit.record(answer),
      settings: options.settings ?? {},
    });
    await door.listen({ host: '127.0.0.1', port: 0 });
    this.host = `127.0.0.1:${(door.server.address() as { port: number }).port}`;
    this.#close = async () => {
      await door.close();
      await audit.close();
    };
    return this;
  }

  /** A user with a policy of these statements, and a key. */
  async user(name: string, ...statements: object[]): Promise<NewKey> {
    const { catalogue } = this.bed;
    await catalogue.transaction((trx) => createUser(trx, name));
    if (statements.length > 0) {
      const policy = `p${this.#policies++}`;
      const document = JSON.stringify({ Version: '1', Statement: statements });
      await catalogue.transaction((trx) => putPolicy(trx, { name: policy, document }));
      await catalogue.transaction((trx) => attachPolicy(trx, policy, name));
    }
    return noted(await createKey(catalogue.db, this.box, { userName: name }));
  }

  async admin(): Promise<NewKey> {
    return noted(await createKey(this.bed.catalogue.db, this.box));
  }

  async temporary(userName: string, seconds: number, policy?: object): Promise<TemporaryKey> {
    const made = await createTemporaryKey(this.bed.catalogue.db, this.box, {
      userName,
      seconds,
      policy: policy === undefined ? undefined : JSON.stringify({ Version: '1', Statement: [policy] }),
    });
    return noted(made);
  }

  async audited(): Promise<AuditRecord[]> {
    await this.#audit!.flush();
    const records: AuditRecord[] = [];
    for await (const record of readAudit(this.bed.catalogue.db, 0)) records.push(record);
    return records;
  }

  async close(): Promise<void> {
    await this.#close();
    await this.bed.close();
    try {
      await noteDataDir(this.#folder);
      demandNoLeaks([['the log', this.logged.join('\n')]]);
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

function noted<K extends NewKey | TemporaryKey>(key: K): K {
  const token = 'SecurityToken' in key ? { securityToken: key.SecurityToken } : {};
  noteKey({ accessKeySecret: key.AccessKeySecret, ...token });
  return key;
}
