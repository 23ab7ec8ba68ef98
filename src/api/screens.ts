/**
 * The screens of desktops, live in a browser: `/screen` is a WebSocket that is joined with a desktop's VNC socket.
 *
 * A client connects from a page of this server, sends the ticket of GetConnectionTicket as its first message, and is
 * answered `open`; RFB follows in binary messages. A refusal closes the connection with code 4000 + HTTP status and the
 * error code as the reason.
 *
 * Invariants: without a ticket a connection lives `TICKET_WAIT_MS` at most, and `MOST_WAITING` of them at most are there; a
 * message is `MAX_MESSAGE` bytes at most; a desktop has `MOST_OPEN` open screens at most; each opening and each end stands
 * in the audit log; a screen ends with its right (looked at every `AGAIN_MS`), its desktop and the service. No ticket is
 * logged.
 */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { describeError, EcdError, publicError } from '../errors.ts';
import { isOwnPage, ownHosts } from './own-page.ts';
import type { DoorPorts, ScreenPort, Visitor } from './ports.ts';
import { renderError } from './render-error.ts';
import { requireRight } from './screen-gate.ts';
import { joinScreen, SILENT_MS } from './screen-pipe.ts';
import { type Source, Sources } from './source.ts';

export const SCREEN_PATH = '/screen';
export const TICKET_WAIT_MS = 5_000;
export const MAX_MESSAGE = 64 * 1024;
export const MOST_OPEN = 4;
const MAX_TICKET = 1024;
const MOST_WAITING = 64;
const AGAIN_MS = 1_000;
const GRACE_MS = 1_000;
const GOING_AWAY = 1001;
/** Codes from here on are for what programs agree on. */
const OWN_CODES = 4000;
const NO_TICKET = 4408;

export function isScreenRequest(message: IncomingMessage): boolean {
  return message.url === SCREEN_PATH && /^websocket$/i.test(message.headers.upgrade ?? '');
}

/** Serves them on the server of the door, whose `shouldUpgradeCallback` must be `isScreenRequest`. */
export function serveScreens(door: FastifyInstance, ports: DoorPorts, port: ScreenPort): void {
  const screens = new Screens(ports, port);
  door.server.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) =>
    screens.upgrade(message, socket, head),
  );
  door.addHook('preClose', () => screens.close());
  ports.stopping?.addEventListener('abort', () => void screens.close(), { once: true });
}

class Screens {
  readonly #ports: DoorPorts;
  readonly #port: ScreenPort;
  readonly #times: { readonly ticketMs: number; readonly againMs: number; readonly silentMs: number };
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: false,
  });
  readonly #sources: Sources;
  readonly #hosts: readonly string[];
  /** Open screens by desktop. */
  readonly #open = new Map<string, number>();
  readonly #serving = new Set<Promise<void>>();
  #waiting = 0;
  #closed = false;

  constructor(ports: DoorPorts, port: ScreenPort) {
    this.#ports = ports;
    this.#port = port;
    this.#times = {
      ticketMs: TICKET_WAIT_MS,
      againMs: AGAIN_MS,
      silentMs: SILENT_MS,
      ...ports.settings.screenTimes,
    };
    this.#sources = new Sources(ports.settings.trustedProxies ?? []);
    this.#hosts = ownHosts(ports);
  }

  upgrade(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const source = this.#sources.of(message);
    const insecure = this.#ports.settings.requireTls === true && !source.secure;
    if (this.#closed || this.#waiting >= MOST_WAITING) answer(socket, 503);
    else if (insecure || !isOwnPage(message, source, this.#hosts)) answer(socket, 403);
    // A handshake that is no good is answered by the library.
    else
      this.#server.handleUpgrade(message, socket, head, (browser) => {
        const served = this.#serve(browser, source).finally(() => this.#serving.delete(served));
        this.#serving.add(served);
      });
  }

  /** Tells every browser that the service ends, and resolves when all are gone: soon, whatever they do. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const browser of this.#server.clients) shut(browser, GOING_AWAY, 'the service ends');
    await Promise.allSettled(this.#serving);
  }

  async #serve(browser: WebSocket, source: Source): Promise<void> {
    const began = performance.now();
    // What was wrong is told by the close that follows.
    browser.on('error', () => {});
    const ticket = await this.#ticketOf(browser);
    if (ticket === null) return;
    const requestId = this.#ports.newRequestId();
    const told = (operation: string, visitor: Visitor | undefined, code: string, status: number) =>
      this.#ports.audit?.({
        requestId,
        operation,
        kind: 'write',
        accessKeyId: visitor?.accessKeyId ?? '',
        userName: visitor?.userName ?? '',
        resources: visitor === undefined ? [] : [`desktop/${visitor.desktopId}`],
        source: source.address,
        status,
        code,
        seconds: (performance.now() - began) / 1000,
      });
    let visitor: Visitor | undefined;
    let desktop: Duplex;
    try {
      visitor = await this.#port.spend(ticket);
      await requireRight(this.#ports, visitor, source);
      desktop = await this.#connect(visitor.desktopId);
    } catch (thrown) {
      const { code, status } = this.#refuse(browser, thrown, requestId);
      told('OpenScreen', visitor, code, status);
      return;
    }
    told('OpenScreen', visitor, 'OK', 200);
    await this.#join(browser, desktop, visitor, source, requestId);
    told('CloseScreen', visitor, 'OK', 200);
  }

  /** The first message; null when none comes in time, or the browser goes. It may send nothing else until it is answered. */
  #ticketOf(browser: WebSocket): Promise<string | null> {
    this.#waiting++;
    return new Promise((resolve) => {
      const late = setTimeout(() => shut(browser, NO_TICKET, 'no ticket in time'), this.#times.ticketMs);
      const settle = (ticket: string | null) => {
        clearTimeout(late);
        browser.off('close', gone);
        this.#waiting--;
        resolve(ticket);
      };
      const gone = () => settle(null);
      browser.on('close', gone);
      browser.once('message', (data, isBinary) => {
        browser.once('message', () => browser.terminate());
        const text = (data as Buffer).toString('latin1');
        settle(isBinary || text.length > MAX_TICKET ? '' : text);
      });
    });
  }

  /** Throws QuotaExceed.Screen, IncorrectDesktopStatus, Qemu.ConnectionLost. */
  async #connect(desktopId: string): Promise<Duplex> {
    const count = this.#open.get(desktopId) ?? 0;
    if (count >= MOST_OPEN) throw new EcdError('QuotaExceed.Screen', { count });
    this.#open.set(desktopId, count + 1);
    const leave = () => {
      const left = this.#open.get(desktopId)! - 1;
      if (left === 0) this.#open.delete(desktopId);
      else this.#open.set(desktopId, left);
    };
    try {
      const desktop = await this.#port.connect(desktopId);
      return desktop.once('close', leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #join(
    browser: WebSocket,
    desktop: Duplex,
    visitor: Visitor,
    source: Source,
    requestId: string,
  ): Promise<void> {
    const { againMs, silentMs } = this.#times;
    const again = setInterval(() => {
      requireRight(this.#ports, visitor, source).catch((thrown: unknown) => {
        clearInterval(again);
        this.#refuse(browser, thrown, requestId);
      });
    }, againMs);
    browser.removeAllListeners('message');
    const ended = joinScreen(browser, desktop, { silentMs });
    if (this.#closed) shut(browser, GOING_AWAY, 'the service ends');
    else if (browser.readyState === browser.OPEN) browser.send('open');
    await ended;
    clearInterval(again);
  }

  /** Closes with the code of what was thrown, and logs what the client must not see. */
  #refuse(browser: WebSocket, thrown: unknown, requestId: string): { code: string; status: number } {
    const { code, status } = renderError(publicError(thrown), requestId, 'JSON', '');
    if (status >= 500)
      this.#ports.log.error({ requestId, code, reason: describeError(thrown) }, 'a screen did not open');
    shut(browser, OWN_CODES + status, code);
    return { code, status };
  }
}

/** Closes, and does not wait long for the other side to agree. */
function shut(browser: WebSocket, code: number, reason: string): void {
  if (browser.isPaused) browser.resume();
  browser.close(code, reason);
  setTimeout(() => browser.terminate(), GRACE_MS).unref();
}

function answer(socket: Duplex, status: number): void {
  socket.on('error', () => {});
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    () => socket.destroy(),
  );
}
