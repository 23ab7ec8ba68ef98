/** The checks that many operations share. */
import { desktopElsewhere } from '../catalogue/desktops.ts';
import { EcdError } from '../errors.ts';
import type { Services } from './services.ts';

/** Throws InvalidRegionId.NotFound unless this server serves the region. */
export function requireRegion({ settings }: Services, regionId: string): void {
  if (!settings.regions.includes(regionId)) {
    throw new EcdError('InvalidRegionId.NotFound', { regions: settings.regions.join(', ') });
  }
}

/** Also throws InvalidDesktopId.NotFound when one of the desktops belongs to another region. */
export async function requireDesktopsHere(
  services: Services,
  regionId: string,
  ids: readonly string[],
): Promise<void> {
  requireRegion(services, regionId);
  if (services.settings.regions.length === 1) return;
  if ((await desktopElsewhere(services.catalogue.db, ids, regionId)) !== undefined) {
    throw new EcdError('InvalidDesktopId.NotFound');
  }
}

/** A parameter that is well formed but asks for what this server cannot do. `reason` is a sentence. */
export function refused(parameter: string, reason: string): EcdError {
  return new EcdError('InvalidParameter', { parameter, reason: ` ${reason}` });
}

/** The ids without doubles, in their order. */
export function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

const DESKTOP_NAME = /^(?!https?:\/\/)\p{L}[\p{L}\p{Nd}:_.-]{0,63}$/u;

/** Throws InvalidDesktopName.Malformed. */
export function checkDesktopName(name: string): void {
  if (!DESKTOP_NAME.test(name)) throw new EcdError('InvalidDesktopName.Malformed');
}

export const GIB = 1024 ** 3;
export const LARGEST_DISK_GIB = 32 * 1024;

/** Whole GiB that hold so many bytes. */
export function toGib(bytes: number): number {
  return Math.ceil(bytes / GIB);
}
