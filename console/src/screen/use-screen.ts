/**
 * The screen of a desktop in an element: its connection, and what can be done with it.
 *
 * Invariant: there is one connection at a time; it ends with the page that shows it.
 */
import type RFB from '@novnc/novnc';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { useSession } from '../session.tsx';
import { openScreen } from './open-screen.ts';

export type ScreenState = 'closed' | 'connecting' | 'open' | 'lost';

export interface Screen {
  readonly state: ScreenState;
  readonly error: Error | null;
  connect(): void;
  disconnect(): void;
  /** Lets go of all keys that are held down, for the focus leaves the screen before they are let go. */
  releaseKeys(): void;
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
      const { default: Rfb } = await import('@novnc/novnc');
      if (stale()) return;
      const socket = await openScreen(credentials!, regionId, desktopId);
      if (stale()) return socket.close();
      const screen = new Rfb(target.current!, socket);
      rfb.current = screen;
      screen.scaleViewport = true;
      screen.background = 'transparent';
      const canvas = target.current!.querySelector('canvas')!;
      canvas.setAttribute('role', 'application');
      canvas.setAttribute('aria-label', label);
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
    releaseKeys: () => {
      if (rfb.current === null) return;
      rfb.current.viewOnly = true;
      rfb.current.viewOnly = false;
    },
    sendCtrlAltDel: () => rfb.current?.sendCtrlAltDel(),
    setFit: (fit) => {
      if (rfb.current !== null) rfb.current.scaleViewport = fit;
    },
  };
}
