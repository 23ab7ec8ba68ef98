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
    summary: 'Make an access key of a user, the Administrator if none is named',
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
    path: 'key rotate',
    summary: 'Make another access key of the same user and disable the old one',
    load: async () => (await import('./key-more.ts')).keyRotate,
  },
  {
    path: 'key delete',
    summary: 'Delete an access key',
    load: async () => (await import('./key-more.ts')).keyDelete,
  },
  {
    path: 'key temporary',
    summary: 'Make temporary credentials of a user',
    load: async () => (await import('./key-more.ts')).keyTemporary,
  },
  {
    path: 'user create',
    summary: 'Make a user',
    load: async () => (await import('./user.ts')).userCreate,
  },
  {
    path: 'user list',
    summary: 'List the users and their policies',
    load: async () => (await import('./user.ts')).userList,
  },
  {
    path: 'user delete',
    summary: 'Delete a user and the access keys of that user',
    load: async () => (await import('./user.ts')).userDelete,
  },
  {
    path: 'access-policy create',
    summary: 'Store a policy that says who may do what',
    load: async () => (await import('./access-policy.ts')).accessPolicyCreate,
  },
  {
    path: 'access-policy list',
    summary: 'List the access policies',
    load: async () => (await import('./access-policy.ts')).accessPolicyList,
  },
  {
    path: 'access-policy show',
    summary: 'Print the document of an access policy',
    load: async () => (await import('./access-policy.ts')).accessPolicyShow,
  },
  {
    path: 'access-policy delete',
    summary: 'Delete an access policy that is attached to nobody',
    load: async () => (await import('./access-policy.ts')).accessPolicyDelete,
  },
  {
    path: 'access-policy attach',
    summary: 'Give a user the rights of an access policy',
    load: async () => (await import('./access-policy.ts')).accessPolicyAttach,
  },
  {
    path: 'access-policy detach',
    summary: 'Take the rights of an access policy from a user',
    load: async () => (await import('./access-policy.ts')).accessPolicyDetach,
  },
  {
    path: 'audit export',
    summary: 'Print the audit log as JSON lines',
    load: async () => (await import('./audit.ts')).auditExport,
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
    path: 'catalogue backup',
    summary: 'Write a copy of the catalogue into a file, while the service runs',
    load: async () => (await import('./catalogue-backup.ts')).catalogueBackup,
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
    path: 'policy preview',
    summary: 'Show what an automatic snapshot policy will make and delete in the next 30 days',
    load: async () => (await import('./policy-preview.ts')).policyPreview,
  },
  {
    path: 'console link',
    summary: 'Make a link that signs in to the web console once',
    load: async () => (await import('./console-link.ts')).consoleLink,
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
