/** The snapshots that are being stored now, with progress and how fast it goes. */
import { Link } from '@tanstack/react-router';
import { Card, Table, theme } from 'antd';
import { useEffect, useState } from 'react';
import { size } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { type Looks, looked, paceOf } from './pace.ts';
import type { Job } from './types.ts';

interface Props {
  readonly jobs: readonly Job[];
  /** When the service was asked for them. */
  readonly at: number;
}

export function Jobs({ jobs, at }: Props) {
  const say = useText();
  const { token } = theme.useToken();
  const [looks, setLooks] = useState<Looks>(new Map());
  useEffect(() => {
    setLooks((before) =>
      looked(
        before,
        jobs.map((job) => ({ id: job.SnapshotId, done: job.DoneBytes })),
        at,
      ),
    );
  }, [jobs, at]);
  const paceText = (job: Job) => {
    if (job.TotalBytes === undefined) return say('queued');
    const pace = paceOf(looks, job.SnapshotId);
    return pace === undefined ? say('measuring') : say('perSecond', { size: size(pace) });
  };
  return (
    <section aria-label={say('jobs')}>
      <Card title={<h2 className="name">{say('jobs')}</h2>}>
        <Table<Job>
          className="scrolls"
          size="small"
          rowKey="SnapshotId"
          dataSource={[...jobs]}
          pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
          locale={{ emptyText: <span style={{ color: token.colorTextSecondary }}>{say('noJobs')}</span> }}
          columns={[
            {
              title: say('name'),
              key: 'name',
              render: (_, job) => (
                <>
                  {job.SnapshotName}
                  <div className="quiet">{say(job.SnapshotType === 'AUTO' ? 'automatic' : 'manual')}</div>
                </>
              ),
            },
            {
              title: say('desktop'),
              key: 'desktop',
              render: (_, job) => (
                <>
                  <Link to="/desktops/$desktopId" params={{ desktopId: job.DesktopId }}>
                    {job.DesktopName}
                  </Link>
                  <div className="quiet">
                    {say(job.SourceDiskType === 'SYSTEM' ? 'systemDisk' : 'dataDisk')}
                  </div>
                </>
              ),
            },
            { title: say('status'), key: 'progress', width: 260, render: (_, job) => <Progress job={job} /> },
            { title: say('throughput'), key: 'pace', width: 140, render: (_, job) => paceText(job) },
            {
              title: say('left'),
              key: 'left',
              width: 90,
              render: (_, job) => (job.RemainTime < 0 ? '' : say('seconds', { count: job.RemainTime })),
            },
          ]}
        />
      </Card>
    </section>
  );
}

function Progress({ job }: { readonly job: Job }) {
  const say = useText();
  return (
    <span className="row">
      <progress
        aria-label={say('storing')}
        className="progress"
        max={100}
        value={Number.parseInt(job.Progress, 10)}
      />
      {job.Progress}
      <span className="quiet">
        {job.TotalBytes === undefined
          ? ''
          : say('moreOf', { shown: size(job.DoneBytes), all: size(job.TotalBytes) })}
      </span>
    </span>
  );
}
