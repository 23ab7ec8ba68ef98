/** Logical against stored bytes: from the sizes of all disks over what is different in them to what is stored. */
import { Card, theme } from 'antd';
import { size } from '../formats.ts';
import { useText } from '../preferences.tsx';
import type { VaultSums } from './types.ts';

/** So little that it could not be seen is drawn so wide. */
const LEAST_PERCENT = 0.5;

export function Sums({ vault }: { readonly vault: VaultSums }) {
  const say = useText();
  const { token } = theme.useToken();
  const logical = vault.LogicalBytes + vault.ImageBytes;
  const bars = [
    {
      name: say('logical'),
      about: say('logicalAbout', { snapshots: vault.SnapshotCount, images: vault.ImageCount }),
      bytes: logical,
    },
    {
      name: say('unique'),
      about: say('uniqueAbout', { chunks: vault.ChunkCount }),
      bytes: vault.UniqueBytes,
    },
    {
      name: say('storedBytes'),
      about: say('storedAbout', { packs: vault.PackCount }),
      bytes: vault.StoredBytes,
    },
  ];
  const most = Math.max(1, ...bars.map((bar) => bar.bytes));
  const ratio = (of: number, to: number) =>
    to === 0 ? '–' : say('ratio', { value: (of / to).toFixed(of / to < 100 ? 1 : 0) });
  const figures = [
    {
      name: say('deduplication'),
      value: ratio(logical, vault.UniqueBytes),
      about: say('deduplicationAbout'),
    },
    {
      name: say('compression'),
      value: ratio(vault.UniqueBytes, vault.StoredBytes),
      about: say('compressionAbout'),
    },
    { name: say('changesRatio'), value: size(vault.ChangedBytes), about: say('changesAbout') },
    { name: say('free'), value: size(vault.FreeBytes), about: say('freeAbout') },
  ];
  return (
    <Card>
      <dl className="bars">
        {bars.map((bar) => (
          <div key={bar.name}>
            <dt>
              {bar.name} <span className="quiet">{bar.about}</span>
            </dt>
            <dd>
              <span className="track" style={{ background: token.colorFillSecondary }}>
                <span
                  style={{
                    width: bar.bytes === 0 ? 0 : `${Math.max(LEAST_PERCENT, (100 * bar.bytes) / most)}%`,
                    background: token.colorPrimary,
                  }}
                />
              </span>
              <strong>{size(bar.bytes)}</strong>
            </dd>
          </div>
        ))}
      </dl>
      <dl className="figures">
        {figures.map((figure) => (
          <div key={figure.name}>
            <dt>{figure.name}</dt>
            <dd>
              <strong>{figure.value}</strong>
              <span className="quiet">{figure.about}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
