/**
 * Whether what asks is a page of this server.
 *
 * Invariant: a page of another origin is told apart by what its browser says of it, which no page can change.
 */
import type { IncomingMessage } from 'node:http';
import type { DoorPorts } from './ports.ts';
import { hostOf } from './render-error.ts';
import type { Source } from './source.ts';

/** True when the page that asks came from this server. Browsers always say which page it is. */
export function isOwnPage(message: IncomingMessage, source: Source, hosts: readonly string[]): boolean {
  const { origin, host } = message.headers;
  if (origin === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.origin !== origin.toLowerCase()) return false;
  // Whoever can change a page without TLS must not reach a server that has it.
  if (page.protocol !== 'https:' && (page.protocol !== 'http:' || source.secure)) return false;
  return [host, ...hosts].some((one) => one !== undefined && one.toLowerCase() === bareHost(page, one));
}

/** `host:port` of a page, with its port only if the name that it is compared with has one. */
function bareHost(page: URL, like: string): string {
  if (page.port !== '' || !/:\d+$/.test(like)) return page.host;
  return `${page.host}:${page.protocol === 'https:' ? 443 : 80}`;
}

/** The names that this server has beside what the client called it. */
export function ownHosts({ settings }: Pick<DoorPorts, 'settings'>): readonly string[] {
  return [...(settings.publicUrl ? [hostOf(settings.publicUrl)] : []), ...(settings.trustedHosts ?? [])];
}
