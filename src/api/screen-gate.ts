/**
 * Who may open the screen of a desktop: whoever holds a ticket, while the key that asked for the ticket is there and its
 * user has the right to GetConnectionTicket on that desktop.
 *
 * Invariant: the right that opened a screen is asked for in the same way as long as it is open.
 */
import { EcdError } from '../errors.ts';
import type { DoorPorts, Visitor } from './ports.ts';
import type { Source } from './source.ts';

const OPERATION = 'GetConnectionTicket';

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
