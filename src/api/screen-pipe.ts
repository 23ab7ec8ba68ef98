/**
 * The bytes of one open screen, between the WebSocket of a browser and the VNC socket of a desktop.
 *
 * Invariants: neither side is read faster than the other one takes it; a browser that answers no ping, or takes nothing,
 * for `SILENT_MS` at most twice is gone; whichever side ends, the other one is ended, once.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

export interface PipeOptions {
  /** How often a sign of life is asked for, in milliseconds. */
  readonly silentMs: number;
}

export const SILENT_MS = 20_000;
/** Waiting for the browser, in bytes: a few screens' worth of changes. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;

/** Joins the two; resolves when both have ended. The caller may end either at any time. */
export function joinScreen(browser: WebSocket, desktop: Duplex, { silentMs }: PipeOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let alive = true;
  const beat = setInterval(() => {
    if (!alive) return browser.terminate();
    alive = false;
    browser.ping();
  }, silentMs);

  const sent = () => {
    if (desktop.isPaused() && browser.bufferedAmount < LOW_BYTES) desktop.resume();
  };
  desktop.on('data', (bytes: Buffer) => {
    if (browser.readyState !== browser.OPEN) return;
    browser.send(bytes, { binary: true }, sent);
    if (browser.bufferedAmount > HIGH_BYTES) desktop.pause();
  });
  browser.on('message', (data) => {
    // `nodebuffer` is what the server gives; the types speak of all that a client may choose.
    if (!desktop.write(data as Buffer)) browser.pause();
  });
  desktop.on('drain', () => browser.resume());
  browser.on('pong', () => {
    alive = true;
  });

  const browserGone = () => {
    clearInterval(beat);
    if (desktop.closed) resolve();
    else desktop.once('close', resolve).destroy();
  };
  browser.on('close', browserGone);
  desktop.on('error', () => {});
  desktop.on('close', () => {
    browser.resume();
    browser.close(1000, 'ended');
  });
  if (browser.readyState === browser.CLOSED) browserGone();
  return promise;
}
