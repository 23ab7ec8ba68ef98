/**
 * Who may open the screen of a desktop: whoever holds a ticket, from a page of this server, while the key that asked for
 * the ticket is there and its user has the right to GetConnectionTicket on that desktop.
 *
 * Invariants: a page of another origin gets no connection; the right that opened a screen is asked for in the same way as
 * long as it is open.
 */
import type { IncomingMessage } from 'node:http';
import { EcdError } from '../errors.ts';
import type { DoorPorts, Visitor } from './ports.ts';
import { hostOf } from './render-error.ts';
import type { Source } from './source.ts';

const OPERATION = 'GetConnectionTicket';

/** True when the page that opens the connection came from this server. Browsers always say which page it is. */
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

/** Throws what keeps the visitor from the screen (now): the key is gone or disabled, or the right was taken away. */
export async function requireRight(ports: DoorPorts, visitor: Visitor, source: Source): Promise<void> {
  const key = await ports.keys.find(visitor.accessKeyId);
  if (key === null || key.userName !== visitor.userName) throw new EcdError('InvalidAccessKeyId.NotFound');
  if (key.status !== 'Active') throw new EcdError('InvalidAccessKeyId.Inactive');
  if (key.temporary !== undefined && key.temporary.expiresAt <= ports.clock())
    throw new EcdError('InvalidSecurityToken.Expired');
  if (ports.access === undefined) return;
  const { accessKeyId, userName } = visitor;
  const session = key.temporary === undefined ? {} : { sessionPolicy: key.temporary.policy };
  const rights = await ports.access.rightsOf({ accessKeyId, userName, nonce: '', expiresMs: 0, ...session });
  rights.require({
    operation: OPERATION,
    regionId: visitor.regionId,
    resources: [`desktop/${visitor.desktopId}`],
    sourceAddress: source.address,
    secure: source.secure,
  });
}
