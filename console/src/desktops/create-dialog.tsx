/** Makes desktops of a bundle. */
import { Checkbox, Input, InputNumber, Select } from 'antd';
import { useId, useState } from 'react';
import { allOf } from '../all-pages.ts';
import { useCall, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { Failure } from '../failure.tsx';
import { type Bundle, useBundles } from '../images/types.ts';
import type { Policy } from '../policies/types.ts';
import { type Say, useText } from '../preferences.tsx';

const MOST = 500;
const AGAIN_MS = 30_000;
const NO_POLICY = '';

export function CreateDesktops({ onClose }: { onClose(): void }) {
  const say = useText();
  const id = useId();
  const bundles = useBundles();
  const policies = useCall<readonly Policy[]>(
    'DescribeAutoSnapshotPolicy',
    {},
    allOf('DescribeAutoSnapshotPolicy', 'AutoSnapshotPolicies'),
    () => AGAIN_MS,
  );
  const [chosen, setChosen] = useState<string>();
  const [name, setName] = useState('');
  const [amount, setAmount] = useState<number | null>(1);
  const [numbered, setNumbered] = useState(true);
  const [policy, setPolicy] = useState(NO_POLICY);
  const write = useWrite(onClose);
  const offered = bundles.data ?? [];
  const bundle = chosen ?? offered.find((one) => one.StockState === 'Sufficient')?.BundleId;
  const make = () => {
    if (bundle === undefined || amount === null || write.isPending) return;
    const parameters = {
      BundleId: bundle,
      Amount: String(amount),
      ...(name === '' ? {} : { DesktopName: name, DesktopNameSuffix: String(amount > 1 && numbered) }),
      ...(policy === NO_POLICY ? {} : { SnapshotPolicyId: policy }),
    };
    write.mutate({ action: 'CreateDesktops', parameters });
  };
  const about = offered.find((one) => one.BundleId === bundle);
  const error = write.error ?? bundles.error;
  return (
    <Confirm
      open
      title={say('newDesktops')}
      okText={say('create')}
      danger={false}
      focus={`${id}-name`}
      disabled={bundle === undefined || amount === null}
      busy={write.isPending}
      error={error}
      onYes={make}
      onNo={onClose}
    >
      <div>
        <label htmlFor={`${id}-bundle`}>{say('bundle')}</label>
        <Select
          id={`${id}-bundle`}
          className="wide"
          loading={bundles.isPending}
          value={bundle ?? null}
          onChange={setChosen}
          options={offered.map((one) => ({ value: one.BundleId, label: labelOf(say, one) }))}
        />
      </div>
      <div>
        <label htmlFor={`${id}-name`}>{say('name')}</label>
        <Input
          id={`${id}-name`}
          value={name}
          onPressEnter={make}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="quiet">{say('desktopNameRule')}</div>
      </div>
      <div>
        <label htmlFor={`${id}-amount`}>{say('amount')}</label>
        <InputNumber
          id={`${id}-amount`}
          className="wide"
          min={1}
          max={MOST}
          precision={0}
          value={amount}
          onChange={setAmount}
        />
      </div>
      <Checkbox
        checked={numbered}
        disabled={name === '' || amount === 1}
        onChange={(event) => setNumbered(event.target.checked)}
      >
        {say('numberNames')}
      </Checkbox>
      <div>
        <label htmlFor={`${id}-policy`}>{say('policy')}</label>
        <Select
          id={`${id}-policy`}
          className="wide"
          value={policy}
          onChange={setPolicy}
          options={[
            { value: NO_POLICY, label: say('noPolicy') },
            ...(policies.data ?? []).map((one) => ({ value: one.PolicyId, label: one.PolicyName })),
          ]}
        />
      </div>
      {about === undefined || amount === null ? null : (
        <strong>{say('createAbout', { count: amount, disks: disksOf(say, about) })}</strong>
      )}
      {policies.error === null ? null : <Failure error={policies.error} />}
    </Confirm>
  );
}

/** "System disk 40 GiB, Data disk 100 GiB" */
function disksOf(say: Say, { Disks: disks }: Bundle): string {
  return disks
    .map(({ DiskType: type, DiskSize: size }) =>
      say('diskOf', { disk: say(type === 'SYSTEM' ? 'systemDisk' : 'dataDisk'), size }),
    )
    .join(', ');
}

/** "Office: 2 CPU, 4096 MiB" */
function labelOf(say: Say, bundle: Bundle): string {
  const { CpuCount: cpus, MemorySize: memory } = bundle.DesktopTypeAttribute;
  const size = `${bundle.BundleName}: ${say('machineOf', { cpus, memory })}`;
  return bundle.StockState === 'Sufficient' ? size : `${size} (${say('bundleNotReady')})`;
}
