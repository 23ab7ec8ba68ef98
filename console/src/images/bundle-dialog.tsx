/** Makes a bundle of an image, a type that the settings have, and sizes of disks. */
import { Input, InputNumber, Select } from 'antd';
import { useId, useState } from 'react';
import { useWrite } from '../api.ts';
import { Confirm } from '../confirm.tsx';
import { useText } from '../preferences.tsx';
import type { Bundle, Image } from './types.ts';

const MOST_GIB = 32 * 1024;

interface Props {
  readonly images: readonly Image[];
  readonly bundles: readonly Bundle[];
  onClose(): void;
}

export function BundleDialog({ images, bundles, onClose }: Props) {
  const say = useText();
  const id = useId();
  const ready = images.filter((one) => one.Status === 'Available');
  const types = [
    ...new Set(bundles.filter((one) => one.BundleType === 'SYSTEM').map((one) => one.DesktopType)),
  ];
  const [name, setName] = useState('');
  const [image, setImage] = useState(ready[0]);
  const [type, setType] = useState(types[0]);
  const [system, setSystem] = useState<number | null>(null);
  const [data, setData] = useState<number | null>(0);
  const write = useWrite(onClose);
  const systemGib = system ?? image?.Size ?? null;
  const whole =
    name.trim().length > 0 &&
    image !== undefined &&
    type !== undefined &&
    systemGib !== null &&
    data !== null;
  const make = () => {
    if (!whole) return;
    write.mutate({
      action: 'CreateBundle',
      parameters: {
        BundleName: name,
        ImageId: image.ImageId,
        DesktopType: type,
        RootDiskSizeGib: String(systemGib),
        'UserDiskSizeGib.1': String(data),
      },
    });
  };
  return (
    <Confirm
      open
      title={say('newBundle')}
      okText={say('create')}
      danger={false}
      focus={`${id}-name`}
      disabled={!whole}
      busy={write.isPending}
      error={write.error}
      onYes={make}
      onNo={onClose}
    >
      <div>
        <label htmlFor={`${id}-name`}>{say('name')}</label>
        <Input id={`${id}-name`} value={name} onChange={(event) => setName(event.target.value)} />
      </div>
      <div>
        <label htmlFor={`${id}-image`}>{say('image')}</label>
        <Select
          id={`${id}-image`}
          className="wide"
          value={image?.ImageId ?? null}
          onChange={(chosen) => setImage(ready.find((one) => one.ImageId === chosen))}
          options={ready.map((one) => ({ value: one.ImageId, label: `${one.Name} (${one.Size} GiB)` }))}
        />
      </div>
      <div>
        <label htmlFor={`${id}-type`}>{say('desktopType')}</label>
        <Select
          id={`${id}-type`}
          className="wide"
          value={type ?? null}
          onChange={setType}
          options={types.map((one) => ({ value: one, label: one }))}
        />
      </div>
      <div className="pair">
        <div>
          <label htmlFor={`${id}-system`}>{say('systemGib')}</label>
          <InputNumber
            id={`${id}-system`}
            className="wide"
            min={image?.Size ?? 1}
            max={MOST_GIB}
            precision={0}
            value={systemGib}
            onChange={setSystem}
          />
        </div>
        <div>
          <label htmlFor={`${id}-data`}>{say('dataGib')}</label>
          <InputNumber
            id={`${id}-data`}
            className="wide"
            min={0}
            max={MOST_GIB}
            precision={0}
            value={data}
            onChange={setData}
          />
        </div>
      </div>
    </Confirm>
  );
}
