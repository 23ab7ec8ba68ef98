/**
 * The screen of a desktop, live: keyboard and mouse go to it while it has the focus.
 *
 * Invariant: the keyboard can always leave it: Ctrl+Alt+Home never reaches the desktop.
 */
import { Alert, Button, Card, Checkbox } from 'antd';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { Desktop } from '../api.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import { useScreen } from './use-screen.ts';

export function ScreenSection({ desktop }: { readonly desktop: Desktop }) {
  const say = useText();
  const target = useRef<HTMLDivElement>(null);
  const way = useRef<HTMLButtonElement>(null);
  const [fit, setFit] = useState(true);
  const label = `${say('screenOf', { name: desktop.DesktopName })} ${say('screenLeave')}`;
  const screen = useScreen(desktop.DesktopId, target, label);
  const { state, error, disconnect } = screen;
  const running = desktop.DesktopStatus === 'Running';
  const shown = state === 'open' || state === 'connecting';
  useEffect(() => {
    if (!running && state === 'lost') disconnect();
  }, [running, state, disconnect]);

  const leave = (event: KeyboardEvent) => {
    if (!(event.ctrlKey && event.altKey && event.code === 'Home')) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.type !== 'keydown') return;
    if (document.fullscreenElement !== null) void document.exitFullscreen();
    way.current?.focus();
  };
  return (
    <section aria-label={say('screen')}>
      <Card
        title={<h2 className="name">{say('screen')}</h2>}
        extra={
          shown ? (
            <div className="row">
              <Checkbox
                checked={fit}
                onChange={({ target: { checked } }) => {
                  setFit(checked);
                  screen.setFit(checked);
                }}
              >
                {say('screenFit')}
              </Checkbox>
              <Button ref={way} disabled={state !== 'open'} onClick={screen.sendCtrlAltDel}>
                Ctrl+Alt+Del
              </Button>
              <Button disabled={state !== 'open'} onClick={() => void target.current?.requestFullscreen()}>
                {say('fullScreen')}
              </Button>
              <Button onClick={disconnect}>{say('disconnect')}</Button>
            </div>
          ) : (
            <Button type="primary" disabled={!running} onClick={screen.connect}>
              {say(state === 'lost' ? 'reconnect' : 'connect')}
            </Button>
          )
        }
      >
        <div className="stack">
          {error === null ? null : <Failure error={error} />}
          {state === 'lost' ? <Alert type="warning" showIcon title={say('screenLost')} /> : null}
          {shown ? null : <span>{say(running ? 'screenAbout' : 'screenNotRunning')}</span>}
          <div
            className={shown ? `screen ${fit ? 'fit' : ''}` : 'gone'}
            aria-busy={state === 'connecting'}
            ref={target}
            onKeyDownCapture={leave}
            onKeyUpCapture={leave}
          />
          {shown ? (
            <span className="quiet">{say(state === 'open' ? 'screenLeave' : 'screenConnecting')}</span>
          ) : null}
        </div>
      </Card>
    </section>
  );
}
