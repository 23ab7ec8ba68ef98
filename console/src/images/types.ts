/** Images and bundles as the API gives them, as far as the pages use them. */
import { allOf } from '../all-pages.ts';
import { useCall } from '../api.ts';

export interface Image {
  readonly ImageId: string;
  readonly Name: string;
  readonly Description: string;
  readonly Status: 'Creating' | 'Available' | 'CreateFailed';
  readonly Progress: string;
  readonly OsType: string;
  readonly Platform: string;
  readonly Size: number;
  readonly CreationTime: string;
}

export interface Bundle {
  readonly BundleId: string;
  readonly BundleName: string;
  readonly BundleType: 'SYSTEM' | 'CUSTOM';
  readonly DesktopType: string;
  readonly DesktopTypeAttribute: { readonly CpuCount: number; readonly MemorySize: number };
  readonly Disks: readonly { readonly DiskType: 'SYSTEM' | 'DATA'; readonly DiskSize: number }[];
  readonly StockState: string;
  readonly ImageName?: string;
}

const AGAIN_MS = 15_000;
const SOON_MS = 1000;

export function useImages() {
  return useCall<readonly Image[]>('DescribeImages', {}, allOf('DescribeImages', 'Images'), (data) =>
    data?.some((one) => one.Status === 'Creating') === true ? SOON_MS : AGAIN_MS,
  );
}

export function useBundles() {
  return useCall<readonly Bundle[]>(
    'DescribeBundles',
    {},
    allOf('DescribeBundles', 'Bundles'),
    () => AGAIN_MS,
  );
}
