/** Automatic snapshot policies as the API gives them, and how they are said in words. */
import { usePreferences, useText } from '../preferences.tsx';
import { type Chosen, fromExpression, isEveryDay, timesOf } from './schedule.ts';

export type PolicyDisks = 'ALL' | 'SYSTEM' | 'DATA';

export interface Policy {
  readonly PolicyId: string;
  readonly PolicyName: string;
  readonly CronExpression: string;
  /** A number as text. */
  readonly RetentionDays: string;
  readonly DiskType: PolicyDisks;
  readonly DesktopNum: number;
  readonly CreationTime: string;
}

/** More than these are not all named. */
const MOST_TIMES = 6;
/** A Sunday. */
const SUNDAY = Date.UTC(2026, 10, 22);
const DAY_MS = 24 * 60 * 60_000;

/** The names of the days of the week, Sunday first. */
export function useWeekdays(style: 'long' | 'short' = 'long'): readonly string[] {
  const { language } = usePreferences();
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const format = new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' });
  return Array.from({ length: 7 }, (_, at) => format.format(SUNDAY + at * DAY_MS));
}

/** "every day at 02:00" */
export function useScheduleWords(): (expression: string) => string {
  const say = useText();
  const { language } = usePreferences();
  const names = useWeekdays();
  const comma = language === 'zh' ? '、' : ', ';
  const timesText = (chosen: Chosen) => {
    const times = timesOf(chosen);
    if (times.length <= MOST_TIMES) return times.join(comma);
    return say('timesADay', { count: times.length, first: times[0]!, last: times.at(-1)! });
  };
  return (expression) => {
    const schedule = fromExpression(expression);
    if (schedule.kind === 'raw') return say('byExpression', { expression });
    const times = timesText(schedule);
    if (isEveryDay(schedule)) return say('everyDayAt', { times });
    return say('daysAt', { days: schedule.days.map((day) => names[day - 1]).join(comma), times });
  };
}

/** A local time of the service's time zone, `2026-11-25T02:00:00`, as it is there. */
export function useLocalTime(): (text: string) => string {
  const { language } = usePreferences();
  const format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    ...{ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' },
  });
  return (text) => format.format(Date.parse(`${text}Z`));
}
