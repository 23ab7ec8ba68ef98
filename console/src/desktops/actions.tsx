/**
 * What can be done with the desktops that are chosen.
 *
 * Invariants: an action is offered only if every one of them is in a state for it; it is done after the user has seen what
 * will happen, and to which.
 */
import { Button } from 'antd';
import { useState } from 'react';
import { type Desktop, listed, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import type { TextName } from '../texts/en.ts';

interface Action {
  readonly operation: string;
  readonly name: TextName;
  readonly about: TextName;
  readonly states: readonly string[];
  readonly danger: boolean;
}

const ACTIONS: readonly Action[] = [
  { operation: 'StartDesktops', name: 'start', about: 'startAbout', states: ['Stopped'], danger: false },
  { operation: 'StopDesktops', name: 'stop', about: 'stopAbout', states: ['Running'], danger: true },
  { operation: 'RebootDesktops', name: 'reboot', about: 'rebootAbout', states: ['Running'], danger: true },
  {
    operation: 'DeleteDesktops',
    name: 'delete',
    about: 'deleteAbout',
    states: ['Stopped', 'Running'],
    danger: true,
  },
];

interface Props {
  readonly chosen: readonly Desktop[];
  onDone(): void;
}

export function DesktopActions({ chosen, onDone }: Props) {
  const say = useText();
  const [asked, setAsked] = useState<Action>();
  const write = useWrite(() => {
    setAsked(undefined);
    onDone();
  });
  const close = () => {
    setAsked(undefined);
    write.reset();
  };
  const ids = chosen.map((one) => one.DesktopId);
  return (
    <div className="row">
      {ACTIONS.map((action) => (
        <Button
          key={action.operation}
          danger={action.operation === 'DeleteDesktops'}
          disabled={chosen.length === 0 || !chosen.every((one) => action.states.includes(one.DesktopStatus))}
          onClick={() => setAsked(action)}
        >
          {say(action.name)}
        </Button>
      ))}
      {asked === undefined ? null : (
        <Confirm
          open
          title={say('doWith', { action: say(asked.name), count: chosen.length })}
          okText={say(asked.name)}
          danger={asked.danger}
          busy={write.isPending}
          error={write.error}
          onYes={() => write.mutate({ action: asked.operation, parameters: listed('DesktopId', ids) })}
          onNo={close}
        >
          <span>{say(asked.about)}</span>
          <ul className="codes">
            {chosen.map((one) => (
              <li key={one.DesktopId}>
                {one.DesktopName} ({one.DesktopId})
              </li>
            ))}
          </ul>
        </Confirm>
      )}
    </div>
  );
}
