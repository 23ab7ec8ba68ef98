/**
 * Wires the parts together: the one place that knows them all.
 *
 * Invariants: one service a data directory (its lock is taken first and given back last); desktops are found again before
 * disks are recovered, disks before desktops are started, all before the door opens; closing stops the background work
 * and leaves every desktop running.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Server as TlsServer } from 'node:https';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { AuditLog } from './access/audit.ts';
import { Throttle } from './access/limits.ts';
import { RightsTable } from './access/rights.ts';
import { buildDoor } from './api/door.ts';
import { Catalogue } from './catalogue/catalogue.ts';
import { CheapNonces } from './catalogue/cheap-nonces.ts';
import { KeyStore, openKeySecrets } from './catalogue/keys.ts';
import { Claim, spendNonce } from './catalogue/nonces.ts';
import { spendTicket } from './catalogue/tickets.ts';
import { DataDir } from './data-dir.ts';
import { Commands } from './desktops/commands.ts';
import { Desktops, type DesktopsOptions } from './desktops/desktops.ts';
import { Qcow2Pool } from './disks/qcow2/pool.ts';
import { describeError, EcdError } from './errors.ts';
import { startHousekeeping } from './housekeeping.ts';
import { newId, systemClock } from './ids.ts';
import { ImageWatch } from './image-watch.ts';
import { listenMetrics, Metrics } from './metrics.ts';
import { OPERATIONS } from './operations/index.ts';
import { Policies } from './policies/policies.ts';
import { runPolicies } from './policies-of.ts';
import { detectQemu } from './qemu/detect.ts';
import { acceleratorOf } from './qemu/kvm.ts';
import type { User } from './qemu/process.ts';
import type { Settings } from './settings.ts';
import { signInLinksOf } from './sign-in-links-of.ts';
import { ScanPool } from './snapshots/scan.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { VaultReport } from './snapshots/vault-report.ts';
import { qemuUser } from './system-user.ts';
import { readTls, type TlsFiles, watchTls } from './tls-files.ts';
import type { Vault } from './vault/index.ts';
import { openVault } from './vault-of.ts';

const CONSOLE_DIR = join(import.meta.dirname, '../console/dist');

export interface ServerOptions {
  /** Absolute path of the data directory, made by `DataDir.open`. */
  readonly dataDir: string;
  readonly vaultDir: string;
  readonly settings: Settings;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Files of the certificate chain and its key; a new certificate in them is taken without a restart. */
  readonly tls?: TlsFiles;
  readonly log: Logger;
}

export interface RunningServer {
  /** `http://HOST:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the service; resolves when it answers requests. What was begun is undone when a step fails. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) {
      await Promise.resolve(step()).catch((error: unknown) =>
        options.log.error({ error: describeError(error) }, 'while ending'),
      );
    }
  };
  try {
    return { url: await start(options, undo), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(options: ServerOptions, undo: (() => unknown)[]): Promise<string> {
  const { settings, log } = options;
  const dir = DataDir.open(options.dataDir, { create: true });
  const lock = dir.lockService();
  undo.push(() => lock.release());
  const stopping = new AbortController();
  const catalogue = Catalogue.open(dir.catalogue);
  undo.push(() => catalogue.close());
  const vault = await openVault({
    catalogue,
    vaultDir: options.vaultDir,
    indexFile: dir.vaultIndex,
    log: (message, details) => log.info({ part: 'vault', ...details }, message),
  });
  undo.push(() => vault.close());
  const user = qemuUser(settings.qemuUser);
  if (user !== undefined) dir.checkPassable(user, settings.qemuUser);
  const parts = await buildParts(options, dir, catalogue, vault, user, undo);
  const { desktops, snapshots, commands } = parts;

  await desktops.reconnect();
  await snapshots.recover();
  await commands.recover();
  await desktops.resume();
  const audit = new AuditLog(catalogue, { reads: settings.audit.reads, clock: systemClock, log });
  undo.push(() => audit.close());
  const policies = runPolicies({ catalogue, settings, snapshots, audit, log });
  undo.push(() => policies.close());

  const metrics = new Metrics(catalogue, vault);
  const door = await openDoor(options, dir, catalogue, parts, metrics, audit, stopping.signal);
  undo.push(
    () => door.close(),
    () => stopping.abort(),
  );
  if (options.tls !== undefined) undo.push(watchTls(options.tls, door.server as TlsServer, log));
  if (settings.metrics.listen !== '') {
    const server = await listenMetrics(metrics, settings.metrics.listen);
    undo.push(() => server.close());
  }
  const images = new ImageWatch({ catalogue, images: snapshots.images, log });
  undo.push(() => images.close());
  undo.push(startHousekeeping({ settings, catalogue, snapshots, log }));
  return publicAddress(door, options.tls !== undefined);
}

function publicAddress(door: FastifyInstance, tls: boolean): string {
  const address = door.addresses()[0];
  if (address === undefined || typeof address === 'string')
    throw new EcdError('InternalError', {}, new Error('no address'));
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${tls ? 'https' : 'http'}://${host}:${address.port}`;
}

interface Parts {
  readonly desktops: Desktops;
  readonly commands: Commands;
  readonly snapshots: Snapshots;
  readonly vault: VaultReport;
  readonly pool: Qcow2Pool;
}

async function buildParts(
  options: ServerOptions,
  dir: DataDir,
  catalogue: Catalogue,
  vault: Vault,
  user: User | undefined,
  undo: (() => unknown)[],
): Promise<Parts> {
  const { settings, log } = options;
  const clock = systemClock;
  const qemu = await detectQemu({ user });
  const pool = new Qcow2Pool({
    disksDir: dir.disks,
    imagesDir: dir.images,
    runDir: join(dir.run, 'qsd'),
    owner: user,
    log,
  });
  undo.push(() => pool.close());
  const scan = new ScanPool({ threads: settings.snapshots.scanThreads, chunkSize: vault.chunkSize });
  undo.push(() => scan.close());

  let snapshots: Snapshots;
  const changed = (desktopId: string) => {
    snapshots
      .desktopChanged(desktopId)
      .catch((error: unknown) => log.warn({ desktop: desktopId, error: describeError(error) }, 'kick'));
  };
  const { uefiCode, uefiVarsTemplate } = qemu.firmware;
  const desktopOptions: DesktopsOptions = {
    catalogue,
    settings,
    pool,
    dataDir: dir.path,
    user,
    accelerator: acceleratorOf(settings.accel, qemu.kvm),
    firmware:
      uefiCode !== undefined && uefiVarsTemplate !== undefined
        ? { code: uefiCode, vars: uefiVarsTemplate }
        : undefined,
    log,
    clock,
    hooks: {
      beforeStart: (desktopId, signal) => snapshots.beforeStart(desktopId, signal),
      created: changed,
      running: changed,
      stopped: changed,
      deleted: (desktopId) => snapshots.desktopChanged(desktopId),
    },
  };
  log.info({ accelerator: desktopOptions.accelerator, kvm: qemu.kvm.reason }, 'QEMU');
  const desktops = new Desktops(desktopOptions);
  undo.push(() => desktops.close());
  const port = {
    live: desktops.live.bind(desktops),
    qemuPid: (desktopId: string) => desktops.qemuPid(desktopId) ?? undefined,
    quiesce: desktops.quiesce.bind(desktops),
    stopAndWait: desktops.stopAndWait.bind(desktops),
  };
  snapshots = new Snapshots({ catalogue, vault, pool, scan, desktops: port, settings, log, clock });
  undo.push(() => snapshots.close());
  const commands = new Commands({ catalogue, desktops, log, clock });
  undo.push(() => commands.close());
  return { desktops, commands, snapshots, vault: new VaultReport(catalogue, vault, systemClock), pool };
}

async function openDoor(
  options: ServerOptions,
  dir: DataDir,
  catalogue: Catalogue,
  parts: Parts,
  metrics: Metrics,
  audit: AuditLog,
  stopping: AbortSignal,
): Promise<FastifyInstance> {
  const { settings, log } = options;
  const secrets = await openKeySecrets(catalogue, dir.secretKey);
  const keys = new KeyStore(catalogue, secrets);
  const { desktops, commands, snapshots } = parts;
  const throttle = new Throttle(settings.limits, systemClock);
  const cheapNonces = new CheapNonces(catalogue);
  const door = buildDoor({
    operations: OPERATIONS,
    services: {
      catalogue,
      settings,
      desktops,
      commands,
      snapshots,
      policies: new Policies({ catalogue, settings, clock: systemClock }),
      vault: parts.vault,
      disks: parts.pool,
      clock: systemClock,
    },
    keys,
    nonces: {
      claim: (accessKeyId, nonce, expiresMs) => new Claim(accessKeyId, nonce, expiresMs),
      spend: (claim, cheap) => (cheap ? cheapNonces.spend(claim) : spendNonce(catalogue, claim)),
    },
    signInLinks: signInLinksOf(catalogue, secrets),
    clock: systemClock,
    newRequestId: newId.request,
    log,
    screens: {
      spend: (ticket) => spendTicket(catalogue.db, ticket, systemClock()),
      connect: (desktopId) => desktops.connectScreen(desktopId),
    },
    access: new RightsTable(catalogue, settings.accountId, systemClock),
    throttle: (caller, operation) => throttle.take(caller.accessKeyId, operation.name),
    audit: (answer) => audit.record(answer),
    onAnswer: (action, code, _status, seconds) => metrics.answered(action, code, seconds),
    stopping,
    settings: {
      ...(settings.publicUrl === '' ? {} : { publicUrl: settings.publicUrl }),
      ...(options.tls === undefined ? {} : { tls: readTls(options.tls) }),
      regions: settings.regions,
      trustedHosts: settings.trustedHosts,
      trustedProxies: settings.trustedProxies,
      requireTls: settings.requireTls,
      corsOrigins: settings.cors.origins,
      consoleDir: CONSOLE_DIR,
    },
  });
  if (settings.metrics.token !== '') {
    door.get('/metrics', async (request, reply) => {
      const given = request.headers.authorization ?? '';
      if (!sameSecret(given, `Bearer ${settings.metrics.token}`)) return reply.code(401).send();
      return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
    });
  }
  await door.listen({ host: options.listen.host, port: options.listen.port });
  return door;
}

/** Equal in a time that tells nothing of where they differ. */
function sameSecret(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
