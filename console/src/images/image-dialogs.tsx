/** What can be done with an image: another name, and deleting it. */
import { Checkbox, Input } from 'antd';
import { useId, useState } from 'react';
import { listed, useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import type { Image } from './types.ts';

interface Props {
  readonly image: Image;
  onClose(): void;
}

export function RenameImage({ image, onClose }: Props) {
  const say = useText();
  const id = useId();
  const [name, setName] = useState(image.Name);
  const [description, setDescription] = useState(image.Description);
  const write = useWrite(onClose);
  const parameters = {
    ImageId: image.ImageId,
    Name: name,
    ...(description === '' ? {} : { Description: description }),
  };
  return (
    <Confirm
      open
      title={say('renameImage', { name: image.Name })}
      okText={say('save')}
      danger={false}
      focus={`${id}-name`}
      disabled={name.trim().length < 2}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'ModifyImageAttribute', parameters })}
      onNo={onClose}
    >
      <div>
        <label htmlFor={`${id}-name`}>{say('name')}</label>
        <Input id={`${id}-name`} value={name} onChange={(event) => setName(event.target.value)} />
        <div className="quiet">{say('imageNameRule')}</div>
      </div>
      <div>
        <label htmlFor={`${id}-about`}>{say('description')}</label>
        <Input
          id={`${id}-about`}
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      </div>
    </Confirm>
  );
}

export function DeleteImage({ image, onClose }: Props) {
  const say = useText();
  const [cascade, setCascade] = useState(false);
  const write = useWrite(onClose);
  const parameters = {
    ...listed('ImageId', [image.ImageId]),
    ...(cascade ? { DeleteCascadedBundle: 'true' } : {}),
  };
  return (
    <Confirm
      open
      title={say('deleteImage', { name: image.Name })}
      okText={say('delete')}
      busy={write.isPending}
      error={write.error}
      onYes={() => write.mutate({ action: 'DeleteImages', parameters })}
      onNo={onClose}
    >
      <span>{say('deleteImageAbout')}</span>
      <Checkbox checked={cascade} onChange={(event) => setCascade(event.target.checked)}>
        {say('deleteBundlesToo')}
      </Checkbox>
    </Confirm>
  );
}
