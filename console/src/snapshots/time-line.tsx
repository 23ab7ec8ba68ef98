/** The snapshots of a disk on a line of time: what users took filled, what policies took hollow. The table says the rest. */
import { theme } from 'antd';
import { useMemo } from 'react';
import type { Snapshot } from '../api.ts';
import { useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { lineOf } from './line.ts';
import './time-line.css';

const WIDTH = 1000;
const HEIGHT = 56;
const EDGE = 12;
const RADIUS = 5;

export function TimeLine({ snapshots }: { readonly snapshots: readonly Snapshot[] }) {
  const say = useText();
  const time = useTime();
  const { token } = theme.useToken();
  const line = useMemo(() => lineOf(snapshots), [snapshots]);
  if (line === undefined) return null;
  const automatic = line.marks.filter((mark) => mark.automatic).length;
  const label = say('timeLine', {
    ...{ manual: line.marks.length - automatic, automatic },
    ...{ first: time(line.first), last: time(line.last) },
  });
  const ground = HEIGHT - 8;
  return (
    <figure className="time-line">
      <svg role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
        <line x1={0} x2={WIDTH} y1={ground} y2={ground} stroke={token.colorBorder} strokeWidth={2} />
        {line.marks.map((mark) => {
          const x = EDGE + mark.at * (WIDTH - 2 * EDGE);
          const y = ground - mark.height * (ground - RADIUS - 2);
          const color = mark.failed ? token.colorError : token.colorPrimary;
          return (
            <g key={mark.id} className={mark.automatic ? 'auto' : 'user'}>
              <title>{mark.name}</title>
              <line x1={x} x2={x} y1={ground} y2={y} stroke={color} strokeWidth={2} />
              <circle
                cx={x}
                cy={y}
                r={RADIUS}
                stroke={color}
                strokeWidth={2}
                strokeDasharray={mark.storing ? '3 2' : undefined}
                fill={mark.automatic ? token.colorBgContainer : color}
              />
            </g>
          );
        })}
      </svg>
      <figcaption className="quiet">
        {label}. {say('timeLineKey')}
        {line.older === 0
          ? ''
          : ` ${say('timeLineNewest', { count: line.marks.length, all: snapshots.length })}`}
      </figcaption>
    </figure>
  );
}
