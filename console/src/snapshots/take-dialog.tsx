/** Takes a snapshot of a disk. */
import { Input } from 'antd';
import { useId, useState } from 'react';
import { type Desktop, type DiskType, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';

interface Props {
  readonly open: boolean;
  readonly desktop: Desktop | undefined;
  readonly type: DiskType;
  onClose(): void;
}

export function TakeDialog({ open, desktop, type, onClose }: Props) {
  const say = useText();
  const id = useId();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const close = () => {
    setName('');
    setDescription('');
    write.reset();
    onClose();
  };
  const write = useWrite(() => close());
  const parameters = {
    DesktopId: desktop?.DesktopId ?? '',
    SourceDiskType: type.toLowerCase(),
    SnapshotName: name,
    ...(description === '' ? {} : { Description: description }),
  };
  const ready = name.trim().length >= 2;
  const take = () => {
    if (ready && !write.isPending) write.mutate({ action: 'CreateSnapshot', parameters });
  };
  return (
    <Confirm
      open={open}
      title={say('take')}
      okText={say('take')}
      danger={false}
      focus={`${id}-name`}
      disabled={!ready}
      busy={write.isPending}
      error={write.error}
      onYes={take}
      onNo={close}
    >
      <span>{say(desktop?.DesktopStatus === 'Running' ? 'takeRunning' : 'takeStopped')}</span>
      <div>
        <label htmlFor={`${id}-name`}>{say('name')}</label>
        <Input
          id={`${id}-name`}
          value={name}
          onPressEnter={take}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="quiet">{say('snapshotNameRule')}</div>
      </div>
      <div>
        <label htmlFor={`${id}-description`}>{say('description')}</label>
        <Input
          id={`${id}-description`}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </div>
    </Confirm>
  );
}
