/** The table of commands. Each is loaded only when it is used, so that small ones answer at once. */
import type { Command } from './command.ts';

export interface Entry {
  /** `key create` */
  readonly path: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: readonly Entry[] = [
  {
    path: 'serve',
    summary: 'Run the service',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    path: 'config show',
    summary: 'Print every setting with its value and its default',
    load: async () => (await import('./config.ts')).configShow,
  },
  {
    path: 'config check',
    summary: 'Check a settings file',
    load: async () => (await import('./config.ts')).configCheck,
  },
  {
    path: 'key create',
    summary: 'Make an access key with administrator rights',
    load: async () => (await import('./key.ts')).keyCreate,
  },
  {
    path: 'key list',
    summary: 'List the access keys, without their secrets',
    load: async () => (await import('./key.ts')).keyList,
  },
  {
    path: 'key disable',
    summary: 'Disable an access key',
    load: async () => (await import('./key.ts')).keyDisable,
  },
  {
    path: 'key enable',
    summary: 'Enable an access key again',
    load: async () => (await import('./key.ts')).keyEnable,
  },
  {
    path: 'image import',
    summary: 'Import a disk image that desktops can be made from',
    load: async () => (await import('./image.ts')).imageImport,
  },
  {
    path: 'image build-demo',
    summary: 'Build the demo guest from Debian packages and import it',
    load: async () => (await import('./image.ts')).imageBuildDemo,
  },
  {
    path: 'image list',
    summary: 'List the images',
    load: async () => (await import('./image.ts')).imageList,
  },
  {
    path: 'vault stats',
    summary: 'Show what the vault holds',
    load: async () => (await import('./vault.ts')).vaultStats,
  },
  {
    path: 'vault verify',
    summary: 'Check that all the vault holds can be read and is what it was',
    load: async () => (await import('./vault.ts')).vaultVerify,
  },
  {
    path: 'vault export',
    summary: 'Write a snapshot into a disk image file',
    load: async () => (await import('./vault-export.ts')).vaultExport,
  },
  {
    path: 'call',
    summary: 'Sign and send one operation of the API',
    load: async () => (await import('./call.ts')).callCommand,
  },
  {
    path: 'doctor',
    summary: 'Look at this machine: what is there, what is missing, what to do',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    path: 'tls init',
    summary: 'Make a private certificate authority and a server certificate',
    load: async () => (await import('./tls.ts')).tlsInit,
  },
  {
    path: 'version',
    summary: 'Print the version',
    load: async () => (await import('./version.ts')).version,
  },
];
