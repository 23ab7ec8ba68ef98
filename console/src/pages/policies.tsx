/** The automatic snapshot policies of a region, and one of them with what it will do and its desktops. */
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Alert, Button, Card, Empty, Skeleton, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { allOf } from '../all-pages.ts';
import { useCall } from '../api.ts';
import { Failure } from '../failure.tsx';
import '../pages.css';
import { BoundDesktops } from '../policies/bound-desktops.tsx';
import { DeletePolicy } from '../policies/delete-policy.tsx';
import { Outlook } from '../policies/outlook.tsx';
import { PolicyDialog } from '../policies/policy-dialog.tsx';
import { type Policy, useScheduleWords } from '../policies/types.ts';
import { type Say, useText } from '../preferences.tsx';
import { Signed } from '../signed.tsx';
import type { Parameters } from '../signer.ts';

const AGAIN_MS = 15_000;

function usePolicies(filter: Parameters) {
  return useCall<readonly Policy[]>(
    'DescribeAutoSnapshotPolicy',
    filter,
    allOf('DescribeAutoSnapshotPolicy', 'AutoSnapshotPolicies'),
    () => AGAIN_MS,
  );
}

export function Policies() {
  return (
    <Signed>
      <List />
    </Signed>
  );
}

function List() {
  const say = useText();
  const words = useScheduleWords();
  const [making, setMaking] = useState(false);
  const found = usePolicies({});
  return (
    <div className="page stack">
      <div className="row spread">
        <h1>{say('policies')}</h1>
        <Button type="primary" onClick={() => setMaking(true)}>
          {say('newPolicy')}
        </Button>
      </div>
      <p>{say('policiesLead')}</p>
      {found.error === null ? null : <Failure error={found.error} />}
      <Card size="small">
        <Table<Policy>
          className="scrolls"
          rowKey="PolicyId"
          dataSource={[...(found.data ?? [])]}
          loading={found.isPending}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          locale={{ emptyText: found.isPending ? ' ' : <Empty description={say('noPolicies')} /> }}
          columns={columns(say, words)}
        />
      </Card>
      {making ? <PolicyDialog onClose={() => setMaking(false)} /> : null}
    </div>
  );
}

function columns(say: Say, words: (expression: string) => string): TableColumnsType<Policy> {
  return [
    {
      title: say('name'),
      key: 'name',
      render: (_, one) => (
        <>
          <Link to="/policies/$policyId" params={{ policyId: one.PolicyId }}>
            {one.PolicyName}
          </Link>
          <div className="quiet">{one.PolicyId}</div>
        </>
      ),
    },
    {
      title: say('schedule'),
      key: 'schedule',
      render: (_, one) => (
        <>
          {words(one.CronExpression)}
          <div className="quiet">{one.CronExpression}</div>
        </>
      ),
    },
    {
      title: say('retention'),
      key: 'retention',
      width: 110,
      render: (_, one) => say('days', { count: one.RetentionDays }),
    },
    { title: say('disksTaken'), key: 'disks', width: 130, render: (_, one) => say(`disk${one.DiskType}`) },
    { title: say('desktopCount'), dataIndex: 'DesktopNum', width: 110, align: 'right' },
  ];
}

export function PolicyPage() {
  const { policyId } = useParams({ from: '/policies/$policyId' });
  return (
    <Signed>
      <OnePolicy key={policyId} policyId={policyId} />
    </Signed>
  );
}

function OnePolicy({ policyId }: { readonly policyId: string }) {
  const say = useText();
  const words = useScheduleWords();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<'change' | 'delete'>();
  const found = usePolicies({ PolicyId: policyId });
  const policy = found.data?.[0];
  return (
    <div className="page stack">
      <Link to="/policies">{say('backToPolicies')}</Link>
      {found.error === null ? null : <Failure error={found.error} />}
      {found.isPending ? <Skeleton active paragraph={{ rows: 8 }} /> : null}
      {found.data !== undefined && policy === undefined ? (
        <Alert type="info" showIcon title={say('policyGone')} />
      ) : null}
      {policy === undefined ? null : (
        <>
          <div className="row spread">
            <div className="row">
              <h1 className="name">{policy.PolicyName}</h1>
              <span className="quiet">{policyId}</span>
            </div>
            <div className="row">
              <Button onClick={() => setDialog('change')}>{say('changePolicy')}</Button>
              <Button danger onClick={() => setDialog('delete')}>
                {say('delete')}
              </Button>
            </div>
          </div>
          <p>
            {words(policy.CronExpression)} · {say('days', { count: policy.RetentionDays })} ·{' '}
            {say(`disk${policy.DiskType}`)}
          </p>
          <BoundDesktops policy={policy} />
          <Card>
            <Outlook
              parameters={{
                PolicyId: policyId,
                CronExpression: policy.CronExpression,
                RetentionDays: policy.RetentionDays,
                DiskType: policy.DiskType,
              }}
            />
          </Card>
        </>
      )}
      {dialog === 'change' && policy !== undefined ? (
        <PolicyDialog policy={policy} onClose={() => setDialog(undefined)} />
      ) : null}
      {dialog === 'delete' && policy !== undefined ? (
        <DeletePolicy
          policy={policy}
          onClose={() => setDialog(undefined)}
          onDone={() => void navigate({ to: '/policies' })}
        />
      ) : null}
    </div>
  );
}
