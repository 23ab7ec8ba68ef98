/** The vault: how full it is and of what, what is being stored, how it grew, and what each desktop holds. */
import { Card, Empty, Skeleton } from 'antd';
import { lazy, Suspense } from 'react';
import { useCall } from '../api.ts';
import { call } from '../client.ts';
import { Failure } from '../failure.tsx';
import '../pages.css';
import { part } from '../parts.ts';
import { useText } from '../preferences.tsx';
import { Signed } from '../signed.tsx';
import { Holders } from '../vault/holders.tsx';
import { Jobs } from '../vault/jobs.tsx';
import { Sums } from '../vault/sums.tsx';
import type { Point, VaultFound } from '../vault/types.ts';

const AGAIN_MS = 5000;
const SOON_MS = 1000;

const Chart = lazy(async () => ({ default: (await part(() => import('../vault/chart.tsx'))).Chart }));

export function VaultPage() {
  return (
    <Signed>
      <Shown />
    </Signed>
  );
}

function Shown() {
  const say = useText();
  // One desktop is enough here: the table below asks for its pages itself.
  const found = useCall<VaultFound>(
    'DescribeVault',
    { MaxResults: '1' },
    (credentials, all) => call(credentials, 'DescribeVault', all),
    (data) => (data !== undefined && data.Jobs.length > 0 ? SOON_MS : AGAIN_MS),
  );
  const { data } = found;
  return (
    <div className="page stack">
      <h1>{say('vault')}</h1>
      <p>{say('vaultLead')}</p>
      {found.error === null ? null : <Failure error={found.error} />}
      {data === undefined && found.error === null ? (
        <Card>
          <Skeleton active paragraph={{ rows: 20 }} />
        </Card>
      ) : null}
      {data === undefined ? null : (
        <>
          <Sums vault={data.Vault} />
          <Jobs jobs={data.Jobs} at={found.dataUpdatedAt} />
          <OverTime history={data.History} />
          <Holders />
        </>
      )}
    </div>
  );
}

function OverTime({ history }: { readonly history: readonly Point[] }) {
  const say = useText();
  return (
    <section aria-label={say('overTime')}>
      <Card title={<h2 className="name">{say('overTime')}</h2>}>
        <p className="quiet">{say('overTimeAbout')}</p>
        {history.length === 0 ? (
          <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={say('noHistory')} />
        ) : (
          <Suspense fallback={<div className="plot waits" />}>
            <Chart history={history} />
          </Suspense>
        )}
      </Card>
    </section>
  );
}
