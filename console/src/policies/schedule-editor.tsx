/** Edits a schedule: every day, some days of the week, or the expression as it is. */
import { Checkbox, Input, Radio, Select } from 'antd';
import { useId, useState } from 'react';
import { useText } from '../preferences.tsx';
import { fromExpression, isEveryDay, NIGHTLY, type Schedule, toExpression } from './schedule.ts';
import { useWeekdays } from './types.ts';

type Way = 'every' | 'some' | 'raw';

interface Props {
  readonly schedule: Schedule;
  onChange(schedule: Schedule): void;
}

const two = (value: number) => String(value).padStart(2, '0');
const numbers = (count: number) => Array.from({ length: count }, (_, at) => ({ value: at, label: two(at) }));
const HOURS = numbers(24);
const MINUTES = numbers(60);
const EVERY = NIGHTLY.days;
const WORKDAYS = [2, 3, 4, 5, 6];

export function ScheduleEditor({ schedule, onChange }: Props) {
  const say = useText();
  const id = useId();
  const names = useWeekdays();
  const way: Way = schedule.kind === 'raw' ? 'raw' : isEveryDay(schedule) ? 'every' : 'some';
  const turn = (to: Way) => {
    if (to === 'raw') return onChange({ kind: 'raw', expression: toExpression(schedule) });
    const read = schedule.kind === 'raw' ? fromExpression(schedule.expression) : schedule;
    const base = read.kind === 'raw' ? NIGHTLY : read;
    const days = to === 'every' ? EVERY : isEveryDay(base) ? WORKDAYS : base.days;
    onChange({ ...base, days });
  };
  const ways = [
    { value: 'every', label: say('everyDay') },
    { value: 'some', label: say('chosenDays') },
    { value: 'raw', label: say('rawExpression') },
  ];
  return (
    <fieldset className="plain stack">
      <legend>{say('schedule')}</legend>
      <Radio.Group options={ways} value={way} onChange={(event) => turn(event.target.value as Way)} />
      {schedule.kind === 'raw' ? (
        <div>
          <label htmlFor={`${id}-raw`}>{say('expression')}</label>
          <Input
            id={`${id}-raw`}
            spellCheck={false}
            value={schedule.expression}
            onChange={(event) => onChange({ kind: 'raw', expression: event.target.value })}
          />
          <div className="quiet">{say('expressionRule')}</div>
        </div>
      ) : (
        <>
          {way === 'every' ? null : (
            <Checkbox.Group
              options={names.map((label, at) => ({ value: at + 1, label }))}
              value={[...schedule.days]}
              onChange={(days) => onChange({ ...schedule, days: days.sort((a, b) => a - b) })}
            />
          )}
          <div className="pair">
            <Several
              name={say('atHours')}
              options={HOURS}
              value={schedule.hours}
              onChange={(hours) => onChange({ ...schedule, hours })}
            />
            <Several
              name={say('atMinutes')}
              options={MINUTES}
              value={schedule.minutes}
              onChange={(minutes) => onChange({ ...schedule, minutes })}
            />
          </div>
        </>
      )}
    </fieldset>
  );
}

interface SeveralProps {
  readonly name: string;
  readonly options: { value: number; label: string }[];
  readonly value: readonly number[];
  onChange(value: number[]): void;
}

function Several({ name, options, value, onChange }: SeveralProps) {
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <div>
      <label htmlFor={id}>{name}</label>
      <Select
        id={id}
        mode="multiple"
        className="wide"
        optionFilterProp="label"
        open={open}
        onOpenChange={setOpen}
        // In a list that stays open the Tab key chooses one more instead of leading on.
        onSelect={() => setOpen(false)}
        options={options}
        value={[...value]}
        onChange={(chosen: number[]) => onChange(chosen.sort((a, b) => a - b))}
      />
    </div>
  );
}
