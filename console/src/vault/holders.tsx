/** What each desktop's snapshots hold in the vault, those that added most first, a page of the service at a time. */
import { Link } from '@tanstack/react-router';
import { Button, Card, Empty, Table } from 'antd';
import { useState } from 'react';
import { useCall } from '../api.ts';
import { call } from '../client.ts';
import { Failure } from '../failure.tsx';
import { size, useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { stateName } from '../status-names.ts';
import type { Holder, VaultFound } from './types.ts';

const PAGE = '20';
const AGAIN_MS = 15_000;

export function Holders() {
  const say = useText();
  const time = useTime();
  // The tokens that led to this page, so that one can go back.
  const [tokens, setTokens] = useState<readonly string[]>([]);
  const token = tokens.at(-1);
  const found = useCall<VaultFound>(
    'DescribeVault',
    { MaxResults: PAGE, ...(token === undefined ? {} : { NextToken: token }) },
    (credentials, all) => call(credentials, 'DescribeVault', all),
    () => AGAIN_MS,
  );
  const next = found.data?.NextToken;
  const first = tokens.length * Number(PAGE) + 1;
  const shown = found.data?.Desktops ?? [];
  const range = { shown: `${first}–${first + shown.length - 1}`, all: found.data?.DesktopCount ?? 0 };
  return (
    <section aria-label={say('holders')}>
      <Card title={<h2 className="name">{say('holders')}</h2>}>
        <div className="stack">
          <p className="quiet">{say('holdersAbout')}</p>
          {found.error === null ? null : <Failure error={found.error} />}
          <Table<Holder>
            className="scrolls"
            size="small"
            rowKey="DesktopId"
            dataSource={[...shown]}
            loading={found.isPending}
            pagination={false}
            locale={{ emptyText: found.isPending ? ' ' : <Empty description={say('noHolders')} /> }}
            columns={[
              {
                title: say('desktop'),
                key: 'desktop',
                render: (_, one) => (
                  <>
                    <Link to="/desktops/$desktopId" params={{ desktopId: one.DesktopId }}>
                      {one.DesktopName}
                    </Link>
                    <div className="quiet">{one.DesktopId}</div>
                  </>
                ),
              },
              {
                title: say('state'),
                key: 'state',
                width: 110,
                render: (_, one) => stateName(say, one.DesktopStatus),
              },
              { title: say('snapshots'), dataIndex: 'SnapshotCount', width: 100, align: 'right' },
              {
                title: say('seriesLogical'),
                key: 'logical',
                width: 120,
                align: 'right',
                render: (_, one) => size(one.LogicalBytes),
              },
              {
                title: say('changes'),
                key: 'changed',
                width: 130,
                align: 'right',
                render: (_, one) => size(one.ChangedBytes),
              },
              {
                title: say('added'),
                key: 'stored',
                width: 120,
                align: 'right',
                render: (_, one) => size(one.StoredBytes),
              },
              {
                title: say('lastSnapshot'),
                key: 'last',
                width: 200,
                render: (_, one) => time(one.LastSnapshotTime),
              },
            ]}
          />
          {next === undefined && tokens.length === 0 ? null : (
            <div className="row">
              <Button disabled={tokens.length === 0} onClick={() => setTokens(tokens.slice(0, -1))}>
                {say('pageBefore')}
              </Button>
              <span>{say('moreOf', range)}</span>
              <Button
                disabled={next === undefined || found.isPlaceholderData}
                onClick={() => setTokens([...tokens, next!])}
              >
                {say('pageAfter')}
              </Button>
            </div>
          )}
        </div>
      </Card>
    </section>
  );
}
