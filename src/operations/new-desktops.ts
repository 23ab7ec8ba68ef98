/**
 * What CreateDesktops asks for, as orders for the desktops' service.
 *
 * Invariant: everything is looked up and checked before the first order is carried out.
 */
import type { ImageRow } from '../catalogue/images.ts';
import { HOST_NAME } from '../desktops/cloud-init.ts';
import { EcdError } from '../errors.ts';
import { requirePolicy } from '../policies/policies.ts';
import type { Bundle, Settings } from '../settings.ts';
import { bundleOfType, requireBundle, requireImage, requireImageOf } from './bundles.ts';
import { checkDesktopName, GIB, LARGEST_DISK_GIB, refused, requireRegion } from './checks.ts';
import type { CreateDesktopsParameters } from './create-parameters.ts';
import type { Services } from './services.ts';

export const MAX_AMOUNT = 500;

export interface Order {
  readonly bundle: Bundle;
  readonly image: ImageRow;
  readonly amount: number;
  /** Empty: the id. */
  readonly name: string;
  /** Empty: the name. */
  readonly hostname: string;
  readonly endUserIds: readonly string[];
}

/** One part of the request: a bundle, or one of BundleModels. */
interface Part extends Omit<Order, 'image'> {
  /** Instead of the image of the bundle. */
  readonly imageId?: string | undefined;
}

/** The orders. Throws what CreateDesktops lists as its errors. */
export async function ordersOf(services: Services, asked: CreateDesktopsParameters): Promise<Order[]> {
  refuseWhatCannotWork(asked);
  const parts = await partsOf(services, asked);
  for (const part of parts) check(part);
  requireRegion(services, asked.RegionId);
  if (asked.SnapshotPolicyId !== undefined) {
    await requirePolicy(services.catalogue.db, asked.RegionId, asked.SnapshotPolicyId);
  }
  const orders: Order[] = [];
  for (const { imageId, ...part } of parts) {
    const image = await (imageId === undefined
      ? requireImageOf(services, part.bundle)
      : requireImage(services, imageId));
    if (part.bundle.systemDiskGib > 0 && part.bundle.systemDiskGib * GIB < image.size_bytes) {
      throw refused('DesktopAttachment', 'SystemDiskSize is smaller than the image.');
    }
    orders.push({ ...part, image });
  }
  return asked.UserAssignMode === 'PER_USER' ? orders.flatMap(perUser) : orders;
}

function refuseWhatCannotWork(asked: CreateDesktopsParameters): void {
  const encrypted = [asked, ...(asked.BundleModels ?? [])].some((part) => part.VolumeEncryptionEnabled);
  if (encrypted) throw refused('VolumeEncryptionEnabled', 'This server does not encrypt disks.');
  const reasons = {
    UserCommands: 'Use RunCommand once the desktop is Running.',
    DesktopTimers: 'This server has no timers.',
    TimerGroupId: 'This server has no timers.',
    GroupId: 'This server has no pools of desktops.',
    DesktopMemberIp: 'A desktop here cannot be given an address.',
  } as const;
  for (const [parameter, reason] of Object.entries(reasons)) {
    if (asked[parameter as keyof typeof reasons] !== undefined) throw refused(parameter, reason);
  }
}

async function partsOf(services: Services, asked: CreateDesktopsParameters): Promise<Part[]> {
  const { BundleModels: models } = asked;
  if (models === undefined) {
    return [
      {
        bundle: await bundleOf(services, asked),
        imageId: asked.DesktopAttachment?.ImageId,
        amount: asked.Amount ?? 1,
        name: asked.DesktopName ?? '',
        hostname: asked.Hostname ?? '',
        endUserIds: asked.EndUserId ?? [],
      },
    ];
  }
  if (asked.BundleId !== undefined || asked.DesktopAttachment !== undefined) {
    throw refused('BundleModels', 'Send BundleModels, or BundleId and DesktopAttachment, not both.');
  }
  const parts: Part[] = [];
  for (const model of models) {
    if (model.BundleId === undefined) {
      throw new EcdError('MissingParameter', { parameter: 'BundleModels.BundleId' });
    }
    parts.push({
      bundle: await requireBundle(services, model.BundleId),
      amount: model.Amount ?? 1,
      name: model.DesktopName ?? asked.DesktopName ?? '',
      hostname: model.Hostname ?? asked.Hostname ?? '',
      endUserIds: model.EndUserIds ?? asked.EndUserId ?? [],
    });
  }
  return parts;
}

/**
 * The ids of the bundles that a request is about, whether or not they are there; undefined when it means one of the
 * settings and they have none. Those that BundleId and BundleModels name at once are all told of, though it is refused.
 */
export function bundleIdsOf(
  settings: Settings,
  { BundleId: id, BundleModels: models = [], DesktopAttachment: attachment }: CreateDesktopsParameters,
): readonly string[] | undefined {
  const ids = [id, ...models.map((model) => model.BundleId)].filter((one) => one !== undefined);
  if (id !== undefined || attachment === undefined) return ids;
  const base = baseOf(settings, attachment.DesktopType);
  return base === undefined ? undefined : [...ids, base.id];
}

/** What DesktopAttachment alone is about. */
function baseOf(settings: Settings, type: string | undefined): Bundle | undefined {
  return bundleOfType(settings, type) ?? settings.bundles[0];
}

/** The bundle, with what DesktopAttachment says instead. */
async function bundleOf(services: Services, asked: CreateDesktopsParameters): Promise<Bundle> {
  const { BundleId: id, DesktopAttachment: attachment } = asked;
  if (attachment === undefined) {
    if (id === undefined) throw new EcdError('MissingParameter', { parameter: 'BundleId' });
    return requireBundle(services, id);
  }
  const base =
    id === undefined ? baseOf(services.settings, attachment.DesktopType) : await requireBundle(services, id);
  if (base === undefined) throw new EcdError('InvalidDesktopBundle.NotFound');
  return {
    ...base,
    systemDiskGib: gib(attachment.SystemDiskSize) ?? base.systemDiskGib,
    dataDiskGib: gib(attachment.DataDiskSize) ?? base.dataDiskGib,
  };
}

function gib(size: number | undefined): number | undefined {
  if (size !== undefined && (size < 0 || size > LARGEST_DISK_GIB)) {
    throw refused('DesktopAttachment', `A disk may have up to ${LARGEST_DISK_GIB} GiB.`);
  }
  return size;
}

function check({ amount, name, hostname }: Part): void {
  if (amount < 1 || amount > MAX_AMOUNT) throw new EcdError('InvalidAmount', { maximum: MAX_AMOUNT });
  if (name !== '') checkDesktopName(name);
  if (hostname !== '' && !HOST_NAME.test(hostname)) {
    throw refused('Hostname', 'Use 1 to 63 letters, digits and hyphens, no hyphen at the ends.');
  }
}

/** Each user gets desktops of their own, the same number. */
function perUser(order: Order): Order[] {
  const users = order.endUserIds;
  if (users.length === 0) return [order];
  if (order.amount % users.length !== 0) throw new EcdError('InvalidAmount.NotTimesOfUsers');
  return users.map((user) => ({ ...order, amount: order.amount / users.length, endUserIds: [user] }));
}
