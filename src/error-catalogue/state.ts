/** Codes about state, quotas and conflicts. */
import type { CatalogueEntry } from './entry.ts';

export const STATE_ERRORS = {
  IncorrectDesktopStatus: {
    status: 403,
    message: 'The current status of the desktop does not support this operation.',
    advice: 'The desktop is {status}; wait until it is {wanted}.',
    causes:
      'The desktop starts, stops or was deleted meanwhile; or the operation wants it stopped (or running) and it is not.',
  },
  IncorrectImageStatus: {
    status: 403,
    message: 'The current status of the image does not support this operation.',
    advice: 'Wait until the image is Available.',
    causes: 'The image is still being made or imported, or its making has failed.',
  },
  'OperationDenied.ImageInUse': {
    status: 403,
    message: 'The image is used by {user}.',
    advice:
      'Delete what uses it first; an image that a bundle of the settings names can be given another name.',
    causes: 'A disk of a desktop stands on the image, or a bundle offers it.',
  },
  'OperationDenied.ImageTooLarge': {
    status: 403,
    message: 'The image is larger than the system disk of the desktop.',
    advice: 'Use an image of at most {bytes} bytes, or make a new desktop of this one.',
    causes: 'The image was made from a larger disk than the desktop has.',
  },
  'InvalidSnapshotId.NotReady': {
    status: 403,
    message: 'The specified snapshot has not completed yet.',
    advice: 'Wait until DescribeSnapshots says ACCOMPLISHED; a FAILED snapshot cannot be used.',
    causes: 'The snapshot is still being stored, or has failed.',
  },
  'QuotaExceed.Snapshot': {
    status: 403,
    message: 'The snapshot quota exceeds.',
    advice: 'The disk has {count} snapshots; delete some, or raise the setting snapshots.quotaPerDisk.',
    causes: 'The disk has as many manual snapshots as the setting snapshots.quotaPerDisk allows.',
  },
  'QuotaExceed.WaitingLayers': {
    status: 403,
    message: 'The disk has too many snapshots that are not yet stored in the vault.',
    advice: '{count} layers wait to be stored. Look whether the vault is reachable and has space.',
    causes:
      'Snapshots are taken faster than they can be stored, or the vault has been away or full for a while.',
  },
  'AutoSnapshotPolicy.QuotaExceed': {
    status: 403,
    message: 'The maximum number of automatic snapshot policy has been reached.',
    advice: 'The region has {count} policies; delete some, or raise the setting policies.quota.',
    causes: 'The region has as many policies as the setting policies.quota allows.',
  },
  'QuotaExceed.OfficeSite': {
    status: 403,
    message: 'The office site quota exceeds.',
    advice: 'The region has {count} office sites; delete some.',
    causes: 'The region has as many office sites as it may have.',
  },
  'QuotaExceed.PolicyGroup': {
    status: 403,
    message: 'The policy group quota exceeds.',
    advice: 'The region has {count} policy groups; delete some.',
    causes: 'The region has as many policy groups as it may have.',
  },
  'OperationDenied.OfficeSiteInUse': {
    status: 403,
    message: 'The office site {id} is in use by desktops.',
    advice: 'Delete its desktops first; DescribeDesktops with OfficeSiteId lists them.',
    causes: 'Desktops that are not deleted name the site.',
  },
  'OperationDenied.PolicyGroupInUse': {
    status: 403,
    message: 'The policy group {id} is in use by desktops.',
    advice: 'Delete its desktops first; DescribeDesktops with PolicyGroupId lists them.',
    causes: 'Desktops that are not deleted name the policy group.',
  },
  'QuotaExceed.Tag': {
    status: 403,
    message: 'The tag quota of the resource {id} exceeds.',
    advice: 'A desktop has up to {maximum} tags; take some away with UntagResources.',
    causes: 'The tags of the desktop and those of the request are too many together.',
  },
  'QuotaExceed.Bundle': {
    status: 403,
    message: 'The bundle quota exceeds.',
    advice: 'There are {count} bundles; delete some, or raise the setting desktops.bundleQuota.',
    causes: 'There are as many bundles as the setting desktops.bundleQuota allows.',
  },
  'OperationDenied.SystemBundle': {
    status: 403,
    message: 'The bundle {bundle} is part of the settings of the service.',
    advice: 'Take it out of the settings; DeleteBundles deletes those that CreateBundle made.',
    causes: 'The bundle stands in the settings file, where no operation can change it.',
  },
  'QuotaExceed.Desktop': {
    status: 403,
    message: 'The desktop quota exceeds.',
    advice: 'Delete some desktops, or raise the setting desktops.quota.',
    causes: 'There are as many desktops as the setting desktops.quota allows.',
  },
  'OperationDenied.InsufficientSpace': {
    status: 403,
    message: 'There is not enough free space for this operation.',
    advice: 'Free space in {path}: {free} bytes are free, the reserve is {reserve} bytes.',
    causes:
      'The file system of the disks or of the vault is nearly full; a reserve is kept so that running desktops can go on.',
  },
  OperationConflict: {
    status: 409,
    message: 'The operation conflicts with another one on the same resource.',
    advice: '{reason}',
    causes: 'Another operation on the same desktop, disk or snapshot has not ended yet.',
  },
  'OperationDenied.DiskInUse': {
    status: 403,
    message: 'The disk is in use by another process.',
    advice: 'Another program holds the lock of {path}; end it and try again.',
    causes: 'A program was started on the disk file by hand, or a second service uses the same directory.',
  },
  'OperationDenied.TicketInvalid': {
    status: 403,
    message: 'The ticket is unknown, has expired or was used already.',
    advice: 'Ask for a new one with GetConnectionTicket; it is valid for 10 minutes, once.',
    causes: 'The ticket was used before, by a reload of the page for example, or is older than 10 minutes.',
  },
  'QuotaExceed.Screen': {
    status: 403,
    message: 'Too many screens of the desktop are open.',
    advice: '{count} are open; close one.',
    causes: 'Other people, or other windows of the same person, show the screen of this desktop.',
  },
  'OperationDenied.NotStoppable': {
    status: 403,
    message: 'The command runs in a way that cannot be stopped.',
    advice: 'Only RunShellScript can be stopped once it runs; wait for its end or its Timeout.',
    causes: 'The guest runs the command by its own means and gives no handle to end it.',
  },
  'OperationDenied.SnapshotFailed': {
    status: 403,
    message: 'The snapshot could not be taken: {reason}.',
    advice: 'Nothing was changed; remove the cause and try again.',
    causes: 'The disk could not be frozen: its file, its QEMU or its file system refused or was too slow.',
  },
} as const satisfies Record<string, CatalogueEntry>;
