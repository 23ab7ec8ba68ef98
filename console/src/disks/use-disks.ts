/** The disks of a desktop as they lie on the server. */
import { useCall } from '../api.ts';
import { call } from '../client.ts';
import type { Disk, Layer } from './layers.ts';

const AGAIN_MS = 5000;
const SOON_MS = 1000;

export function useDisks(desktopId: string) {
  return useCall<{ readonly Disks: readonly Disk[] }>(
    'DescribeDisks',
    { DesktopId: desktopId },
    (credentials, all) => call(credentials, 'DescribeDisks', all),
    // While there is a frozen layer something goes on.
    (data) => (data?.Disks.some((disk) => disk.Layers.some(isPassing)) === true ? SOON_MS : AGAIN_MS),
  );
}

function isPassing({ Kind: kind }: Layer): boolean {
  return kind === 'FROZEN' || kind === 'ASIDE';
}
