/** A node of QEMU's block graph, and how one is written on a command line. */

/** One `-blockdev` option of QEMU, which is also the argument of `blockdev-add`. */
export type BlockdevNode = {
  readonly [key: string]: unknown;
  readonly 'node-name': string;
  readonly driver: string;
};

/** A value inside a comma-separated option of QEMU: a comma is written twice. */
export function optionValue(text: string): string {
  return text.replaceAll(',', ',,');
}
