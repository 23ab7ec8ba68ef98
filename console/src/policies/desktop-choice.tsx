/** Some desktops of many, chosen over several pages of a list that the service filters. */
import { Empty, Input, Table } from 'antd';
import { useState } from 'react';
import { useCall } from '../api.ts';
import { call } from '../client.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import type { Parameters } from '../signer.ts';

const PAGE_SIZE = 10;
const AGAIN_MS = 15_000;

export interface Choosable {
  readonly DesktopId: string;
  readonly DesktopName: string;
  readonly SnapshotPolicyId?: string;
  readonly SnapshotPolicyName?: string;
}

interface Found {
  readonly Desktops: readonly Choosable[];
  readonly TotalCount: number;
}

interface Props {
  readonly filter: Parameters;
  readonly chosen: readonly string[];
  /** Those that cannot be chosen. */
  readonly not?: (desktop: Choosable) => boolean;
  readonly empty: string;
  onChange(chosen: readonly string[]): void;
}

export function DesktopChoice({ filter, chosen, not = () => false, empty, onChange }: Props) {
  const say = useText();
  const [text, setText] = useState('');
  const [page, setPage] = useState(1);
  const wanted = text.trim();
  const named: Parameters =
    wanted === '' ? {} : /^ecd-/.test(wanted) ? { 'DesktopId.1': wanted } : { DesktopName: `*${wanted}*` };
  const found = useCall<Found>(
    'DescribeDesktops',
    { ...filter, ...named, PageNumber: String(page), PageSize: String(PAGE_SIZE) },
    (credentials, all) => call(credentials, 'DescribeDesktops', all),
    () => AGAIN_MS,
  );
  return (
    <div className="stack">
      {found.error === null ? null : <Failure error={found.error} />}
      <Input
        allowClear
        className="search"
        aria-label={say('searchDesktops')}
        placeholder={say('searchDesktops')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setPage(1);
        }}
      />
      <Table<Choosable>
        size="small"
        rowKey="DesktopId"
        dataSource={[...(found.data?.Desktops ?? [])]}
        loading={found.isPending}
        locale={{
          emptyText: found.isPending ? ' ' : <Empty description={wanted === '' ? empty : say('noMatch')} />,
        }}
        rowSelection={{
          selectedRowKeys: [...chosen],
          preserveSelectedRowKeys: true,
          onChange: (keys) => onChange(keys.map(String)),
          getTitleCheckboxProps: () => ({ 'aria-label': say('chooseAll') }),
          getCheckboxProps: (one) => ({
            'aria-label': say('choose', { name: one.DesktopName }),
            disabled: not(one),
          }),
        }}
        pagination={{
          current: page,
          pageSize: PAGE_SIZE,
          total: found.data?.TotalCount ?? 0,
          hideOnSinglePage: true,
          showSizeChanger: false,
          onChange: setPage,
        }}
        columns={[
          {
            title: say('name'),
            key: 'name',
            render: (_, one) => (
              <>
                {one.DesktopName}
                <div className="quiet">{one.DesktopId}</div>
              </>
            ),
          },
          {
            title: say('policyNow'),
            key: 'policy',
            width: 200,
            render: (_, one) => one.SnapshotPolicyName ?? say('none'),
          },
        ]}
      />
    </div>
  );
}
