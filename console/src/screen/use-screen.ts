/**
 * The screen of a desktop in an element: its connection, and what can be done with it.
 *
 * Invariant: there is one connection at a time; it ends with the page that shows it.
 */
import type RFB from '@novnc/novnc';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { part } from '../parts.ts';
import { useSession } from '../session.tsx';
import { openScreen } from './open-screen.ts';

/** X11's number of each key that changes what others mean, and its name in browsers. */
const MODIFIERS: readonly (readonly [keysym: number, code: string])[] = [
  [0xffe1, 'ShiftLeft'],
  [0xffe2, 'ShiftRight'],
  [0xffe3, 'ControlLeft'],
  [0xffe4, 'ControlRight'],
  [0xffe9, 'AltLeft'],
  [0xffea, 'AltRight'],
  [0xffeb, 'MetaLeft'],
  [0xffec, 'MetaRight'],
];

/** Lets go of the keys that are held down with others: the screen does not hear of it when the focus has left it. */
function releaseKeys(screen: RFB): void {
  for (const [keysym, code] of MODIFIERS) screen.sendKey(keysym, code, false);
  // It forgets then which keys are down.
  screen.viewOnly = true;
  screen.viewOnly = false;
}

export type ScreenState = 'closed' | 'connecting' | 'open' | 'lost';

export interface Screen {
  readonly state: ScreenState;
  readonly error: Error | null;
  connect(): void;
  disconnect(): void;
  sendCtrlAltDel(): void;
  setFit(fit: boolean): void;
}

export function useScreen(desktopId: string, target: RefObject<HTMLElement | null>, label: string): Screen {
  const { credentials, regionId } = useSession();
  const [state, setState] = useState<ScreenState>('closed');
  const [error, setError] = useState<Error | null>(null);
  const rfb = useRef<RFB | null>(null);
  /** Counts attempts, so that one that comes too late is dropped. */
  const attempt = useRef(0);

  const disconnect = useCallback(() => {
    attempt.current++;
    rfb.current?.disconnect();
    rfb.current = null;
    setState('closed');
  }, []);
  useEffect(() => disconnect, [disconnect]);
  useEffect(() => {
    target.current?.querySelector('canvas')?.setAttribute('aria-label', label);
  }, [label, target]);

  const connect = async () => {
    disconnect();
    const mine = attempt.current;
    const stale = () => mine !== attempt.current;
    setError(null);
    setState('connecting');
    try {
      const { default: Rfb } = await part(() => import('@novnc/novnc'));
      if (stale()) return;
      const socket = await openScreen(credentials!, regionId, desktopId);
      if (stale()) return socket.close();
      const screen = new Rfb(target.current!, socket);
      rfb.current = screen;
      screen.scaleViewport = true;
      screen.background = 'transparent';
      screen.showDotCursor = true;
      const canvas = target.current!.querySelector('canvas')!;
      canvas.tabIndex = 0;
      canvas.setAttribute('role', 'application');
      canvas.setAttribute('aria-label', label);
      canvas.addEventListener('blur', () => releaseKeys(screen));
      screen.addEventListener('connect', () => {
        if (stale()) return;
        setState('open');
        screen.focus({ preventScroll: true });
      });
      screen.addEventListener('disconnect', () => {
        if (stale()) return;
        rfb.current = null;
        setState('lost');
      });
    } catch (thrown) {
      if (stale()) return;
      setError(thrown as Error);
      setState('closed');
    }
  };

  return {
    state,
    error,
    connect: () => void connect(),
    disconnect,
    sendCtrlAltDel: () => rfb.current?.sendCtrlAltDel(),
    setFit: (fit) => {
      if (rfb.current !== null) rfb.current.scaleViewport = fit;
    },
  };
}
