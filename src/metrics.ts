/** What Prometheus is told: requests, desktops, snapshots, the vault. */
import { createServer, type Server } from 'node:http';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Catalogue } from './catalogue/catalogue.ts';
import { EcdError } from './errors.ts';
import type { Vault } from './vault/index.ts';

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<'action' | 'code'>;

  constructor(catalogue: Catalogue, vault: Vault) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: 'openecd_request_seconds',
      help: 'Duration of API requests by operation and result code',
      labelNames: ['action', 'code'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    const byStatus = (table: 'desktops' | 'snapshots') =>
      new Gauge({
        name: `openecd_${table}`,
        help: `Number of ${table} by status`,
        labelNames: ['status'],
        registers,
        async collect() {
          const rows = await catalogue.db
            .selectFrom(table)
            .select((eb) => ['status', eb.fn.countAll<number>().as('count')])
            .groupBy('status')
            .execute();
          this.reset();
          for (const row of rows) this.set({ status: row.status }, row.count);
        },
      });
    byStatus('desktops');
    byStatus('snapshots');
    new Gauge({
      name: 'openecd_vault_bytes',
      help: 'Bytes in the vault: stored as they lie in packs, raw before compression',
      labelNames: ['kind'],
      registers,
      async collect() {
        const stats = await vault.stats();
        this.set({ kind: 'stored' }, stats.storedBytes);
        this.set({ kind: 'raw' }, stats.rawBytes);
      },
    });
  }

  /** One answer of the door. `code` is empty for a success. */
  answered(action: string, code: string, seconds: number): void {
    this.#requests.observe(
      { action: action === '' ? 'none' : action, code: code === '' ? 'OK' : code },
      seconds,
    );
  }
}

/** Serves /metrics on a listener of its own. */
export async function listenMetrics(metrics: Metrics, listen: string): Promise<Server> {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(listen);
  if (match === null)
    throw new EcdError('Settings.Invalid', {
      setting: 'metrics.listen',
      reason: `${listen} is not HOST:PORT`,
    });
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end();
    metrics.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new EcdError(
          'Settings.Invalid',
          { setting: 'metrics.listen', reason: `cannot listen on ${listen}` },
          cause,
        ),
      ),
    );
    server.listen(Number(match[3]), match[1] ?? match[2], resolve);
  });
  server.unref();
  return server;
}
