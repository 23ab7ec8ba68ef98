/**
 * The cloud-config that a desktop's guest is given. From this version on the columns `network` may hold `bridge:NAME`, too,
 * which an earlier program would take for another kind.
 */
export const CLOUD_INIT: readonly string[] = [
  'ALTER TABLE desktops ADD COLUMN cloud_init TEXT',
  'ALTER TABLE bundles ADD COLUMN cloud_init TEXT',
];
