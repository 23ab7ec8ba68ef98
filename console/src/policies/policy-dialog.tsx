/** Makes or changes a policy, with what it will do beside it. */
import { Input, InputNumber, Select } from 'antd';
import { useId, useState } from 'react';
import { useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import { Outlook } from './outlook.tsx';
import { fromExpression, NIGHTLY, type Schedule, toExpression } from './schedule.ts';
import { ScheduleEditor } from './schedule-editor.tsx';
import type { Policy, PolicyDisks } from './types.ts';

const DISKS: readonly PolicyDisks[] = ['ALL', 'SYSTEM', 'DATA'];
const DEFAULT_DAYS = 7;

interface Props {
  /** The one to change; none for a new one. */
  readonly policy?: Policy;
  onClose(): void;
}

export function PolicyDialog({ policy, onClose }: Props) {
  const say = useText();
  const id = useId();
  const [name, setName] = useState(policy?.PolicyName ?? '');
  const [days, setDays] = useState<number | null>(Number(policy?.RetentionDays ?? DEFAULT_DAYS));
  const [disks, setDisks] = useState<PolicyDisks>(policy?.DiskType ?? 'ALL');
  const [schedule, setSchedule] = useState<Schedule>(
    policy === undefined ? NIGHTLY : fromExpression(policy.CronExpression),
  );
  const write = useWrite(onClose);
  // What stays is not sent: an expression that only reads otherwise would forget what is due.
  const same =
    policy !== undefined && toExpression(fromExpression(policy.CronExpression)) === toExpression(schedule);
  const cron = same ? policy.CronExpression : toExpression(schedule);
  const what = { CronExpression: cron, RetentionDays: String(days ?? ''), DiskType: disks };
  const own: Record<string, string> = policy === undefined ? {} : { PolicyId: policy.PolicyId };
  const complete =
    days !== null && (schedule.kind === 'raw' ? schedule.expression.trim() !== '' : hasTimes(schedule));
  const ready = name.trim().length >= 2 && complete;
  const action = policy === undefined ? 'CreateAutoSnapshotPolicy' : 'ModifyAutoSnapshotPolicy';
  return (
    <Confirm
      open
      width={1040}
      title={policy === undefined ? say('newPolicy') : `${say('changePolicy')}: ${policy.PolicyName}`}
      okText={say(policy === undefined ? 'create' : 'save')}
      danger={false}
      focus={`${id}-name`}
      disabled={!ready}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action, parameters: { ...own, PolicyName: name, ...what } })}
      onNo={onClose}
    >
      <div className="halves">
        <div className="stack">
          <div>
            <label htmlFor={`${id}-name`}>{say('name')}</label>
            <Input id={`${id}-name`} value={name} onChange={(event) => setName(event.target.value)} />
            <div className="quiet">{say('policyNameRule')}</div>
          </div>
          <ScheduleEditor schedule={schedule} onChange={setSchedule} />
          <div>
            <label htmlFor={`${id}-days`}>{say('retentionDays')}</label>
            <InputNumber
              id={`${id}-days`}
              className="wide"
              min={1}
              max={180}
              precision={0}
              value={days}
              onChange={setDays}
            />
          </div>
          <div>
            <label htmlFor={`${id}-disks`}>{say('disksTaken')}</label>
            <Select
              id={`${id}-disks`}
              className="wide"
              value={disks}
              onChange={setDisks}
              options={DISKS.map((value) => ({ value, label: say(`disk${value}`) }))}
            />
          </div>
        </div>
        {complete ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and must by keyboard
          <section className="aside" aria-label={say('whatItDoes')} tabIndex={0}>
            <Outlook parameters={{ ...own, ...what }} />
          </section>
        ) : null}
      </div>
    </Confirm>
  );
}

function hasTimes(schedule: Schedule & { kind: 'chosen' }): boolean {
  return schedule.days.length > 0 && schedule.hours.length > 0 && schedule.minutes.length > 0;
}
