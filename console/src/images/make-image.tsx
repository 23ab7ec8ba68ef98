/** Makes an image of a snapshot of a system disk; then the list of images shows how far it is. */
import { useNavigate } from '@tanstack/react-router';
import { Input } from 'antd';
import { useId, useState } from 'react';
import { type Snapshot, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';

interface Props {
  readonly snapshot: Snapshot;
  onClose(): void;
}

export function MakeImage({ snapshot, onClose }: Props) {
  const say = useText();
  const id = useId();
  const [name, setName] = useState('');
  const navigate = useNavigate();
  const write = useWrite(() => void navigate({ to: '/images' }));
  const ready = name.trim().length >= 2;
  const make = () => {
    const parameters = { SnapshotId: snapshot.SnapshotId, ImageName: name };
    if (ready && !write.isPending) write.mutate({ action: 'CreateImage', parameters });
  };
  return (
    <Confirm
      open
      title={say('makeImageOf', { name: snapshot.SnapshotName })}
      okText={say('makeImage')}
      danger={false}
      focus={id}
      disabled={!ready}
      busy={write.isPending}
      error={write.error}
      onYes={make}
      onNo={onClose}
    >
      <span>{say('makeImageAbout')}</span>
      <div>
        <label htmlFor={id}>{say('name')}</label>
        <Input id={id} value={name} onPressEnter={make} onChange={(event) => setName(event.target.value)} />
        <div className="quiet">{say('imageNameRule')}</div>
      </div>
    </Confirm>
  );
}
