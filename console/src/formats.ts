/** Times and sizes for people. */
import { usePreferences } from './preferences.tsx';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** "12.5 MiB" */
export function size(bytes: number): string {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : bytes.toFixed(1)} ${UNITS[unit]}`;
}

/** A time of the service (UTC) in the browser's time zone. */
export function useTime(): (text: string) => string {
  const { language } = usePreferences();
  const format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
  });
  return (text) => {
    // To the minute some times are written without seconds.
    const time = Date.parse(text.replace(/^(.{16})Z$/, '$1:00Z'));
    return Number.isNaN(time) ? text : format.format(time);
  };
}
