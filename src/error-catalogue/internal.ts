/** Codes of our own machinery: a client of the API never sees them as they are. */
import type { CatalogueEntry } from './entry.ts';

const INTERNAL = 'Look in the log of the service under the RequestId.';

export const INTERNAL_ERRORS = {
  'Qemu.CommandFailed': {
    status: 500,
    message: 'QEMU refused {command}: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Qemu.TimedOut': {
    status: 503,
    message: 'QEMU did not answer {command} within {ms} ms',
    advice: INTERNAL,
    internal: true,
  },
  'Qemu.ConnectionLost': {
    status: 503,
    message: 'The connection to {what} was lost',
    advice: INTERNAL,
    internal: true,
  },
  'Qemu.StartFailed': {
    status: 500,
    message: '{program} did not start: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Network.Unavailable': {
    status: 503,
    message: 'The network of the desktop cannot be set up: {what}: {reason}',
    advice:
      'The service must run as root, with the packages iproute2 and nftables, and the bridge that the bundle names must be there: docs/install.md, Networks. `openecd doctor --config FILE` looks.',
    internal: true,
  },
  'Agent.NotAnswering': {
    status: 503,
    message: 'The guest agent did not answer {command} within {ms} ms',
    advice: INTERNAL,
    internal: true,
  },
  'Agent.CommandFailed': {
    status: 500,
    message: 'The guest agent refused {command}: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Nbd.Failed': {
    status: 500,
    message: 'NBD {operation} failed: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Worker.Died': {
    status: 500,
    message: 'A worker thread ended: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Vault.Damaged': {
    status: 500,
    message: 'The vault is damaged: {what}',
    advice: 'Run `openecd vault verify`.',
    internal: true,
  },
  'Vault.Unavailable': {
    status: 503,
    message: 'The vault cannot be reached: {reason}',
    advice: 'Look whether the vault directory is mounted and writable.',
    internal: true,
  },
  'Vault.Locked': {
    status: 503,
    message: 'The vault {path} is in use by another service (process {pid} on the host {host})',
    advice: 'Stop that service, or use another --vault. If that host will never come back, remove {file}.',
    internal: true,
  },
  'Vault.FormatUnknown': {
    status: 500,
    message: 'The vault has a format that this version does not know: {what}',
    advice: 'Use a newer version of OpenECD.',
    internal: true,
  },
  'Catalogue.Unavailable': {
    status: 503,
    message: 'The catalogue cannot be used: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Catalogue.FormatUnknown': {
    status: 500,
    message: 'The catalogue has version {found}, this program knows {known}',
    advice: 'Use a newer version of OpenECD.',
    internal: true,
  },
  'Settings.Invalid': {
    status: 500,
    message: 'Setting {setting}: {reason}',
    advice: '`openecd config show` prints every setting with its default.',
    internal: true,
  },
  'Service.Locked': {
    status: 500,
    message: 'The data directory {path} is in use by another service (process {pid})',
    advice: 'Stop the other service, or use another --data directory.',
    internal: true,
  },
  'Disk.Unavailable': {
    status: 503,
    message: 'The disk file {path} cannot be used now: {reason}',
    advice: INTERNAL,
    internal: true,
  },
  'Disk.Damaged': {
    status: 500,
    message: 'The disk file {path} is missing or damaged: {reason}',
    advice: 'Reset the desktop to a snapshot: it is then rebuilt from the vault.',
    internal: true,
  },
  'Image.BuildFailed': {
    status: 500,
    message: 'The demo guest image could not be built: {reason}',
    advice: '{advice}',
    internal: true,
  },
  Cancelled: {
    status: 503,
    message: 'The operation was cancelled: {reason}',
    advice: INTERNAL,
    internal: true,
  },
} as const satisfies Record<string, CatalogueEntry>;
