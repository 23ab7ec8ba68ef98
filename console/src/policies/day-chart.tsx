/**
 * How many automatic snapshots there are at the end of each day, and what was made and deleted on it, drawn. The numbers
 * stand in the table beside it.
 */
import { theme } from 'antd';
import { useText } from '../preferences.tsx';

export interface Day {
  readonly Day: string;
  readonly Made: number;
  readonly Deleted: number;
  readonly Held: number;
}

const HEIGHT = 96;
const WIDTH = 620;

export function DayChart({ days }: { readonly days: readonly Day[] }) {
  const say = useText();
  const { token } = theme.useToken();
  const most = Math.max(1, ...days.map((day) => day.Held));
  const step = WIDTH / Math.max(days.length, 1);
  const label = say('outlookChart', {
    first: days[0]?.Day ?? '',
    last: days.at(-1)?.Day ?? '',
    most: Math.max(0, ...days.map((day) => day.Held)),
  });
  const height = (count: number) => (HEIGHT * count) / most;
  return (
    <svg className="chart" role="img" aria-label={label} viewBox={`0 -14 ${WIDTH} ${HEIGHT + 34}`}>
      <line x1={0} x2={WIDTH} y1={HEIGHT} y2={HEIGHT} stroke={token.colorBorder} />
      {days.map((day, at) => {
        const made = Math.min(day.Made, day.Held);
        const before = day.Held - made;
        const x = at * step + step * 0.15;
        const wide = step * 0.7;
        return (
          <g key={day.Day}>
            <rect
              x={x}
              width={wide}
              y={HEIGHT - height(before)}
              height={height(before)}
              fill={token.colorPrimary}
              opacity={0.45}
            />
            <rect
              x={x}
              width={wide}
              y={HEIGHT - height(day.Held)}
              height={height(made)}
              fill={token.colorPrimary}
            />
            {day.Deleted === 0 ? null : (
              <rect x={x} width={wide} y={HEIGHT + 2} height={4} fill={token.colorError} />
            )}
          </g>
        );
      })}
      <text x={0} y={-4} fontSize={11} fill={token.colorTextSecondary}>
        {most}
      </text>
      <text x={0} y={HEIGHT + 19} fontSize={11} fill={token.colorTextSecondary}>
        {days[0]?.Day}
      </text>
      <text x={WIDTH} y={HEIGHT + 19} fontSize={11} textAnchor="end" fill={token.colorTextSecondary}>
        {days.at(-1)?.Day}
      </text>
    </svg>
  );
}
