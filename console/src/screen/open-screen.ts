/**
 * Opens a WebSocket to the screen of a desktop.
 *
 * Invariants: every connection has a ticket of its own, asked for with the session's key like anything else; the ticket
 * stands in no address: it is the first message.
 */
import { ApiError, call, ServiceGone } from '../client.ts';
import type { Credentials } from '../signer.ts';

/** Codes by which the service refuses: 4000 and the HTTP status. The reason is the error code. */
const REFUSALS = 4000;

/** Resolves when the service has taken the ticket: RFB follows. Throws ApiError, ServiceGone. */
export async function openScreen(
  credentials: Credentials,
  regionId: string,
  desktopId: string,
): Promise<WebSocket> {
  const wanted = { RegionId: regionId, DesktopId: desktopId };
  const { Ticket } = await call<{ Ticket: string }>(credentials, 'GetConnectionTicket', wanted);
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/screen`);
  socket.binaryType = 'arraybuffer';
  return await new Promise((resolve, reject) => {
    socket.onopen = () => socket.send(Ticket);
    // What answers is `open`, alone and first.
    socket.onmessage = () => resolve(socket);
    socket.onclose = ({ code, reason }) =>
      reject(
        code > REFUSALS
          ? new ApiError(code - REFUSALS, { Code: reason, Message: '' })
          : new ServiceGone(new Error(`closed: ${code} ${reason}`)),
      );
  });
}
