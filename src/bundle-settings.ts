/** The settings of a bundle: what desktops are made of, the hardware that they get, and how their guests are set up. */
import { type Static, Type } from 'typebox';

/** `bridge:NAME` puts desktops on that bridge of the host. */
export type Network = 'none' | 'isolated' | 'user' | `bridge:${string}`;

const BRIDGE = 'bridge:';

/** The name of the host's bridge; undefined for the networks inside QEMU. */
export function bridgeOf(network: Network): string | undefined {
  return network.startsWith(BRIDGE) ? network.slice(BRIDGE.length) : undefined;
}

export const Bundle = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 64 }),
    name: Type.String({ minLength: 1, maxLength: 128 }),
    description: Type.String({ default: '' }),
    desktopType: Type.String({ default: 'ecd.basic.small', description: 'DesktopType at the API' }),
    cpus: Type.Integer({ minimum: 1, maximum: 256, default: 2 }),
    memoryMib: Type.Integer({ minimum: 64, default: 2048 }),
    systemDiskGib: Type.Integer({ minimum: 0, default: 0, description: '0: as large as the image' }),
    dataDiskGib: Type.Integer({ minimum: 0, default: 0, description: '0: no data disk' }),
    image: Type.String({ description: 'name or id of the image; the newest of that name is taken' }),
    network: Type.Unsafe<Network>(
      Type.String({
        // The kernel calls no device . or .., and as a part of a path they would mean something else.
        pattern: '^(none|isolated|user|bridge:(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,15})$',
        default: 'isolated',
        description:
          'none; isolated: a network of its own that reaches nothing; user: out through the host, the host loopback included; bridge:NAME: on that bridge of the host',
      }),
    ),
    firmware: Type.Union([Type.Literal('bios'), Type.Literal('uefi')], { default: 'bios' }),
    cloudInit: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description:
          'for images with cloud-init: its cloud-config, as JSON; {} for the host name and a grown disk only. Desktops get a NoCloud seed',
      }),
    ),
  },
  { additionalProperties: false },
);

export type Bundle = Static<typeof Bundle>;
