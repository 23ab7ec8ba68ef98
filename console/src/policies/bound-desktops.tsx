/** The desktops that have a policy: some are given it, from some it is taken. */
import { Button, Card } from 'antd';
import { useState } from 'react';
import { listed, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import { DesktopChoice } from './desktop-choice.tsx';
import type { Policy } from './types.ts';

/** CancelAutoSnapshotPolicy takes so many at once, ApplyAutoSnapshotPolicy more. */
const AT_ONCE = 100;

interface DialogProps {
  readonly policy: Policy;
  onClose(): void;
}

export function BoundDesktops({ policy }: { readonly policy: Policy }) {
  const say = useText();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [dialog, setDialog] = useState<'bind' | 'unbind'>();
  const close = () => setDialog(undefined);
  return (
    <section aria-label={say('policyDesktops')}>
      <Card
        title={<h2 className="name">{say('policyDesktops')}</h2>}
        extra={
          <div className="row">
            <Button type="primary" onClick={() => setDialog('bind')}>
              {say('bind')}
            </Button>
            <Button
              danger
              disabled={chosen.length === 0 || chosen.length > AT_ONCE}
              onClick={() => setDialog('unbind')}
            >
              {say('unbind', { count: chosen.length })}
            </Button>
          </div>
        }
      >
        {chosen.length > AT_ONCE ? <p>{say('atOnceMost', { most: AT_ONCE })}</p> : null}
        <DesktopChoice
          filter={{ SnapshotPolicyId: policy.PolicyId }}
          chosen={chosen}
          empty={say('noBound')}
          onChange={setChosen}
        />
      </Card>
      {dialog === 'bind' ? <Bind policy={policy} onClose={close} /> : null}
      {dialog === 'unbind' ? (
        <Unbind
          policy={policy}
          ids={chosen}
          onClose={close}
          onDone={() => {
            setChosen([]);
            close();
          }}
        />
      ) : null}
    </section>
  );
}

function Bind({ policy, onClose }: DialogProps) {
  const say = useText();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const write = useWrite(onClose);
  const parameters = { PolicyId: policy.PolicyId, ...listed('DesktopId', chosen) };
  return (
    <Confirm
      open
      width={720}
      title={say('bindTo', { name: policy.PolicyName })}
      okText={say('bindCount', { count: chosen.length })}
      danger={false}
      disabled={chosen.length === 0 || chosen.length > AT_ONCE}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'ApplyAutoSnapshotPolicy', parameters })}
      onNo={onClose}
    >
      <span>{say('bindAbout')}</span>
      {chosen.length > AT_ONCE ? <strong>{say('atOnceMost', { most: AT_ONCE })}</strong> : null}
      <DesktopChoice
        filter={{}}
        chosen={chosen}
        not={(one) => one.SnapshotPolicyId === policy.PolicyId}
        empty={say('noDesktopsYet')}
        onChange={setChosen}
      />
    </Confirm>
  );
}

interface UnbindProps extends DialogProps {
  readonly ids: readonly string[];
  onDone(): void;
}

function Unbind({ policy, ids, onClose, onDone }: UnbindProps) {
  const say = useText();
  const write = useWrite(onDone);
  const parameters = { PolicyId: policy.PolicyId, ...listed('DesktopId', ids) };
  return (
    <Confirm
      open
      title={say('unbindTitle', { name: policy.PolicyName, count: ids.length })}
      okText={say('unbind', { count: ids.length })}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'CancelAutoSnapshotPolicy', parameters })}
      onNo={onClose}
    >
      <span>{say('unbindAbout')}</span>
      <ul className="codes">
        {ids.map((id) => (
          <li key={id}>{id}</li>
        ))}
      </ul>
    </Confirm>
  );
}
