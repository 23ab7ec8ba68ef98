/** Codes about state, quotas and conflicts. */
import type { CatalogueEntry } from './entry.ts';

export const STATE_ERRORS = {
  IncorrectDesktopStatus: {
    status: 403,
    message: 'The current status of the desktop does not support this operation.',
    advice: 'The desktop is {status}; wait until it is {wanted}.',
  },
  IncorrectImageStatus: {
    status: 403,
    message: 'The current status of the image does not support this operation.',
    advice: 'Wait until the image is Available.',
  },
  'OperationDenied.ImageInUse': {
    status: 403,
    message: 'The image is used by {user}.',
    advice:
      'Delete what uses it first; an image that a bundle of the settings names can be given another name.',
  },
  'OperationDenied.ImageTooLarge': {
    status: 403,
    message: 'The image is larger than the system disk of the desktop.',
    advice: 'Use an image of at most {bytes} bytes, or make a new desktop of this one.',
  },
  'InvalidSnapshotId.NotReady': {
    status: 403,
    message: 'The specified snapshot has not completed yet.',
    advice: 'Wait until DescribeSnapshots says ACCOMPLISHED; a FAILED snapshot cannot be used.',
  },
  'QuotaExceed.Snapshot': {
    status: 403,
    message: 'The snapshot quota exceeds.',
    advice: 'The disk has {count} snapshots; delete some, or raise the setting snapshots.quotaPerDisk.',
  },
  'QuotaExceed.WaitingLayers': {
    status: 403,
    message: 'The disk has too many snapshots that are not yet stored in the vault.',
    advice: '{count} layers wait to be stored. Look whether the vault is reachable and has space.',
  },
  'AutoSnapshotPolicy.QuotaExceed': {
    status: 403,
    message: 'The maximum number of automatic snapshot policy has been reached.',
    advice: 'The region has {count} policies; delete some, or raise the setting policies.quota.',
  },
  'QuotaExceed.OfficeSite': {
    status: 403,
    message: 'The office site quota exceeds.',
    advice: 'The region has {count} office sites; delete some.',
  },
  'QuotaExceed.PolicyGroup': {
    status: 403,
    message: 'The policy group quota exceeds.',
    advice: 'The region has {count} policy groups; delete some.',
  },
  'OperationDenied.OfficeSiteInUse': {
    status: 403,
    message: 'The office site {id} is in use by desktops.',
    advice: 'Delete its desktops first; DescribeDesktops with OfficeSiteId lists them.',
  },
  'OperationDenied.PolicyGroupInUse': {
    status: 403,
    message: 'The policy group {id} is in use by desktops.',
    advice: 'Delete its desktops first; DescribeDesktops with PolicyGroupId lists them.',
  },
  'QuotaExceed.Tag': {
    status: 403,
    message: 'The tag quota of the resource {id} exceeds.',
    advice: 'A desktop has up to {maximum} tags; take some away with UntagResources.',
  },
  'QuotaExceed.Bundle': {
    status: 403,
    message: 'The bundle quota exceeds.',
    advice: 'There are {count} bundles; delete some, or raise the setting desktops.bundleQuota.',
  },
  'OperationDenied.SystemBundle': {
    status: 403,
    message: 'The bundle {bundle} is part of the settings of the service.',
    advice: 'Take it out of the settings; DeleteBundles deletes those that CreateBundle made.',
  },
  'QuotaExceed.Desktop': {
    status: 403,
    message: 'The desktop quota exceeds.',
    advice: 'Delete some desktops, or raise the setting desktops.quota.',
  },
  'OperationDenied.InsufficientSpace': {
    status: 403,
    message: 'There is not enough free space for this operation.',
    advice: 'Free space in {path}: {free} bytes are free, the reserve is {reserve} bytes.',
  },
  OperationConflict: {
    status: 409,
    message: 'The operation conflicts with another one on the same resource.',
    advice: '{reason}',
  },
  'OperationDenied.DiskInUse': {
    status: 403,
    message: 'The disk is in use by another process.',
    advice: 'Another program holds the lock of {path}; end it and try again.',
  },
  'OperationDenied.NoAgent': {
    status: 403,
    message: 'The guest agent of the desktop does not answer.',
    advice: 'Install and start qemu-guest-agent in the guest.',
  },
  'OperationDenied.TicketInvalid': {
    status: 403,
    message: 'The ticket is unknown, has expired or was used already.',
    advice: 'Ask for a new one with GetConnectionTicket; it is valid for 10 minutes, once.',
  },
  'QuotaExceed.Screen': {
    status: 403,
    message: 'Too many screens of the desktop are open.',
    advice: '{count} are open; close one.',
  },
  'OperationDenied.NotStoppable': {
    status: 403,
    message: 'The command runs in a way that cannot be stopped.',
    advice: 'Only RunShellScript can be stopped once it runs; wait for its end or its Timeout.',
  },
  'OperationDenied.SnapshotFailed': {
    status: 403,
    message: 'The snapshot could not be taken: {reason}.',
    advice: 'Nothing was changed; remove the cause and try again.',
  },
} as const satisfies Record<string, CatalogueEntry>;
