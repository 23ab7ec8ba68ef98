/** What a policy will do, as the service says: the next runs, and what is made and deleted in the time to come. */
import { Skeleton, Table } from 'antd';
import { useEffect, useState } from 'react';
import { useCall } from '../api.ts';
import { call } from '../client.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import type { Parameters } from '../signer.ts';
import { type Day, DayChart } from './day-chart.tsx';
import { useLocalTime } from './types.ts';

const WAIT_MS = 300;
const AGAIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
const WHOLE_DAYS = 30;

interface Run {
  readonly Time: string;
  readonly LocalTime: string;
}

interface Coming extends Run {
  readonly Action: 'make' | 'delete';
  readonly DesktopId?: string;
  readonly SnapshotName: string;
  readonly SnapshotId?: string;
  readonly Reason?: string;
}

interface Found {
  readonly TimeZone: string;
  readonly StartTime: string;
  readonly EndTime: string;
  readonly Runs: readonly Run[];
  readonly DesktopNum: number;
  readonly PreviewedDesktopNum: number;
  readonly Days: readonly Day[];
  readonly Events: readonly Coming[];
  readonly MaxAutoPerDesktop: number;
}

/** Asked for only when what is typed has stood still for a moment. */
function useStill(parameters: Parameters): Parameters {
  const text = JSON.stringify(parameters);
  const [still, setStill] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setStill(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(still) as Parameters;
}

export function Outlook({ parameters }: { readonly parameters: Parameters }) {
  const say = useText();
  const local = useLocalTime();
  const found = useCall<Found>(
    'PreviewAutoSnapshotPolicy',
    useStill(parameters),
    (credentials, all) => call(credentials, 'PreviewAutoSnapshotPolicy', all),
    () => AGAIN_MS,
  );
  if (found.error !== null) return <Failure error={found.error} />;
  const { data } = found;
  if (data === undefined) return <Skeleton active paragraph={{ rows: 14 }} />;
  const whole = Date.parse(data.EndTime) - Date.parse(data.StartTime) >= WHOLE_DAYS * DAY_MS;
  const ends = data.Days.at(-1)?.Day ?? '';
  return (
    <div className="stack outlook">
      <section aria-label={say('nextRuns')}>
        <h3>{say('nextRuns')}</h3>
        <ol className="runs">
          {data.Runs.map((run) => (
            <li key={run.Time}>
              <time dateTime={run.Time}>{local(run.LocalTime)}</time>
            </li>
          ))}
        </ol>
        <div className="quiet">{say('timesOfZone', { zone: data.TimeZone })}</div>
      </section>
      <section aria-label={say('outlook')} className="stack">
        <h3>{whole ? say('outlook') : say('outlookDays', { end: ends })}</h3>
        <div className="quiet">
          {ofWhom(say, data)} {say('outlookIf', { most: data.MaxAutoPerDesktop })}
        </div>
        <DayChart days={data.Days} />
        <Existing events={data.Events} />
        <DayTable days={data.Days} />
      </section>
    </div>
  );
}

function ofWhom(say: ReturnType<typeof useText>, { DesktopNum: all, PreviewedDesktopNum: shown }: Found) {
  if (all === 0) return say('outlookNobody');
  return shown < all ? say('outlookSome', { shown, all }) : say('outlookOf', { all });
}

/** What would be deleted of what is there: nobody should learn that later. */
function Existing({ events }: { readonly events: readonly Coming[] }) {
  const say = useText();
  const local = useLocalTime();
  const gone = events.filter((event) => event.SnapshotId !== undefined);
  if (gone.length === 0) return null;
  return (
    <div>
      <strong>{say('existingGo')}</strong>
      <ul className="codes going">
        {gone.map((event) => (
          <li key={event.SnapshotId}>
            {local(event.LocalTime)}: {event.SnapshotName} ({event.DesktopId})
            <div className="quiet">{event.Reason}</div>
          </li>
        ))}
      </ul>
    </div>
  );
}

function DayTable({ days }: { readonly days: readonly Day[] }) {
  const say = useText();
  return (
    <Table<Day>
      className="days"
      size="small"
      rowKey="Day"
      dataSource={[...days]}
      pagination={false}
      columns={[
        { title: say('day'), dataIndex: 'Day' },
        { title: say('made'), dataIndex: 'Made', align: 'right' },
        { title: say('deleted'), dataIndex: 'Deleted', align: 'right' },
        { title: say('held'), dataIndex: 'Held', align: 'right' },
      ]}
    />
  );
}
