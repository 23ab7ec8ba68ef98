/**
 * Where things die: each named point with a script that passes it.
 *
 * Invariant: a point is listed with what is done there, so that a table's titles say what was proved.
 */

const TWO = ['write system', 'take system', 'idle', 'write system', 'take system', 'idle'] as const;
/** Two snapshots while the desktop runs: the second one's layer is settled by the running QEMU. */
export const LIVE = ['start', ...TWO] as const;
/** The same while it is Stopped: settled by a storage daemon. */
export const OFFLINE = TWO;
/** Nobody writes between two snapshots: the second layer holds nothing, and is neither read nor merged by a program. */
export const UNTOUCHED = [
  ...['write system', 'take system', 'idle', 'take system', 'idle', 'take system'],
  ...['idle', 'write system', 'take system', 'idle'],
] as const;
/** Enough to settle that it takes a while. */
export const SLOW = ['start', 'take system', 'idle', 'big system', 'take system', 'idle'] as const;
export const SLOW_SETTLE = { settings: { snapshots: { settleBytesPerSecond: 1024 ** 2 } } };
/** Two snapshots, both settled: the base holds the second one's content. */
export const SETTLED = [...TWO, 'write system', 'take data'] as const;
/** By a new active layer on the base. */
export const RESET_ONTO = [...SETTLED, 'reset 2'] as const;
/** By writing what differs. */
export const RESET_DIFFERENCE = [...SETTLED, 'reset 1'] as const;
/** All from the vault. */
export const REBUILD = [...SETTLED, 'drop base system', 'reset 1'] as const;
export const DELETE = [...TWO, 'delete 1', 'idle', 'collect'] as const;
/** A snapshot that is deleted before it is stored. */
export const CALL_OFF = ['write system', 'take system', 'delete 1', 'idle', 'take system', 'idle'] as const;
export const REMOVE = ['start', 'write system', 'take system', 'idle', 'write system', 'remove'] as const;
export const CREATE = ['create', 'write system', 'take system', 'take data', 'idle'] as const;

export interface Case {
  /** `point` or `point@n`. */
  readonly at: string;
  readonly steps: readonly string[];
  readonly slow?: true;
  /** Further faults. */
  readonly also?: readonly string[];
  /** Where the next service dies, while it brings things into order. */
  readonly again?: string;
}

const twice = (steps: readonly string[], at: string, ...again: string[]): Case[] =>
  again.map((each) => ({ at, steps, again: each }));

const cases = (steps: readonly string[], ...points: string[]): Case[] =>
  points.map((at) => ({ at, steps, ...(steps === SLOW ? { slow: true as const } : {}) }));

/** The service dies while a desktop runs: once more with QEMU dying as well. */
export const SERVICE_LIVE: readonly Case[] = [
  ...cases(LIVE, 'take.ready', 'take.intended', 'take.presynced', 'take.quiesced', 'take.overlaid'),
  ...cases(LIVE, 'take.frozen', 'take.switched', 'take.committed', 'take.frozen@2', 'take.switched@2'),
  ...cases(LIVE, 'layers.named', 'layer.made', 'prepare.made', 'prepare.adopted'),
  ...cases(LIVE, 'archive.opened@2', 'archive.committed@2'),
  ...cases(SLOW, 'settle.running'),
  ...cases(LIVE, 'settle.begun', 'settle.live.merged', 'settle.unsynced', 'settle.merged'),
  ...twice(LIVE, 'take.frozen', 'freeze.judged', 'freeze.resolved'),
  ...twice(LIVE, 'take.presynced', 'freeze.judged', 'freeze.resolved'),
  ...twice(LIVE, 'settle.live.merged', 'settle.merged'),
  ...cases(LIVE, 'settle.committed', 'layers.unlinked', 'layers.released', 'layers.forgotten'),
];

/** The service dies where no QEMU runs, or where it makes no difference. */
export const SERVICE: readonly Case[] = [
  ...cases(CREATE, 'layer.made', 'desktop.create.prepared', 'desktop.create.prepared@2'),
  ...cases(CREATE, 'desktop.start.opening', 'desktop.start.spawned'),
  ...cases(OFFLINE, 'take.intended', 'keeper.locked', 'take.locked', 'take.committed@2'),
  ...cases(OFFLINE, 'archive.opened', 'archive.stored', 'vault.pack.written', 'vault.pack.synced'),
  ...cases(OFFLINE, 'vault.index.committed', 'archive.flushed@2', 'vault.record.written'),
  ...cases(OFFLINE, 'archive.recorded', 'archive.recorded@2', 'archive.committed'),
  ...cases(OFFLINE, 'settle.begun', 'settle.offline.opened', 'settle.offline.merged', 'settle.unsynced'),
  ...cases(OFFLINE, 'settle.merged', 'settle.committed', 'layers.unlinked', 'layers.released'),
  ...cases(UNTOUCHED, 'archive.recorded@2', 'archive.committed@2', 'settle.relinked', 'settle.merged'),
  ...cases(UNTOUCHED, 'settle.committed', 'layers.unlinked', 'keeper.locked@3'),
  ...cases(RESET_ONTO, 'reset.intended', 'reset.written', 'reset.prepared', 'reset.committed'),
  ...cases(RESET_DIFFERENCE, 'reset.opened', 'reset.filled', 'reset.flushed', 'reset.written'),
  ...cases(RESET_DIFFERENCE, 'reset.prepared', 'reset.committed', 'layers.unlinked@2', 'layers.released@2'),
  ...cases(REBUILD, 'reset.intended', 'reset.opened', 'reset.filled', 'reset.prepared', 'reset.committed'),
  ...cases(DELETE, 'remove.committed', 'remove.record.deleted'),
  ...cases(DELETE, 'vault.collect.hidden', 'vault.collect.rewritten'),
  ...cases(CALL_OFF, 'remove.committed', 'remove.record.deleted', 'archive.committed'),
  ...cases(REMOVE, 'desktop.delete.ended', 'remove.disk.released', 'remove.disk.forgotten'),
  ...cases(REMOVE, 'remove.disk.released@2', 'remove.disk.forgotten@2'),
  ...cases([...LIVE, 'stop'], 'desktop.stop.ended'),
  { at: 'desktop.create.undone', steps: CREATE, also: ['desktop.create.prepared=fail@2'] },
  ...twice(OFFLINE, 'archive.recorded', 'archive.recorded'),
  ...twice(OFFLINE, 'settle.unsynced', 'settle.unsynced'),
  ...twice(OFFLINE, 'settle.committed', 'layers.unlinked'),
  ...twice(UNTOUCHED, 'settle.relinked', 'settle.relinked'),
  ...twice(RESET_DIFFERENCE, 'reset.filled', 'layers.unlinked', 'reset.filled', 'reset.committed'),
  ...twice(REMOVE, 'desktop.delete.ended', 'remove.disk.released'),
];

/** QEMU dies and the service goes on. */
export const QEMU: readonly Case[] = [
  ...cases(LIVE, 'take.ready', 'take.intended', 'take.presynced', 'take.quiesced', 'take.frozen'),
  ...cases(LIVE, 'take.switched', 'take.committed', 'take.frozen@2', 'archive.opened', 'archive.opened@2'),
  ...cases(SLOW, 'settle.running', 'settle.running@3'),
  ...cases(LIVE, 'settle.begun', 'settle.merged', 'settle.committed'),
  ...cases(CREATE, 'desktop.start.spawned'),
];

/** A storage daemon dies and the service goes on. */
export const DAEMON: readonly Case[] = [
  ...cases(OFFLINE, 'keeper.locked', 'keeper.locked@2', 'archive.opened', 'archive.stored@2'),
  ...cases(OFFLINE, 'settle.offline.opened', 'settle.offline.merged'),
  ...cases(UNTOUCHED, 'keeper.locked@3', 'keeper.locked@4'),
  ...cases(RESET_DIFFERENCE, 'reset.opened', 'reset.filled', 'reset.flushed'),
  // Without its base the disk is not readable as it was: it is reset once more.
  ...cases([...REBUILD, 'reset 1'], 'reset.opened'),
];

/** An image of a snapshot that is deleted at once, with a collection while it is made. */
const IMAGE = ['write system', 'take system', 'idle', 'image 1', 'delete 1', 'collect', 'idle'] as const;
/** Of the disk as it is. */
const IMAGE_OFFLINE = ['write system', 'image system', 'write system', 'idle'] as const;
const IMAGE_LIVE = ['start', ...IMAGE_OFFLINE] as const;
const UNIMAGE = [...IMAGE, 'unimage 1', 'collect'] as const;

/** The system disk is made new: from its own image, which the first snapshot's content is then brought back over, ... */
const RENEW = [...SETTLED, 'rebuild', 'write system', 'take system', 'idle', 'reset 1'] as const;
/** ... while a snapshot of it waits to be stored, ... */
const RENEW_EARLY = ['write system', 'take system', 'rebuild', 'write system', 'idle'] as const;
/** ... and from another image, from which a second desktop would begin. */
const RENEW_OTHER = [
  'write system',
  'image system',
  'idle',
  'write system',
  'rebuild 1',
  'write system',
] as const;

/** The service dies while a system disk is made new. */
export const RENEWALS: readonly Case[] = [
  ...cases(
    RENEW,
    'reset.intended',
    'reset.written',
    'reset.prepared',
    'reset.committed',
    'reset.committed@2',
  ),
  ...cases(RENEW, 'layers.unlinked', 'layers.released', 'reset.filled'),
  ...cases(RENEW_EARLY, 'reset.intended', 'reset.prepared', 'reset.committed', 'archive.stored'),
  ...cases(RENEW_OTHER, 'reset.intended', 'reset.prepared', 'reset.committed'),
  ...twice(RENEW_OTHER, 'reset.intended', 'reset.prepared', 'reset.committed'),
];

/** The service dies while an image is made or deleted. */
export const IMAGES: readonly Case[] = [
  ...cases(IMAGE, 'image.intended', 'image.opened', 'image.filled', 'image.synced', 'image.written'),
  ...cases(IMAGE, 'vault.record.written@2', 'image.recorded', 'image.published'),
  ...cases(
    IMAGE_OFFLINE,
    'take.intended',
    'take.locked',
    'take.committed',
    'archive.stored',
    'archive.committed',
  ),
  ...cases(IMAGE_OFFLINE, 'image.taken.over', 'image.filled', 'image.written'),
  ...cases(UNIMAGE, 'image.removed', 'image.released'),
  ...cases(['take system', 'idle', 'image 1', 'unimage 1'], 'image.removed', 'image.released'),
  ...twice(IMAGE, 'image.filled', 'image.filled', 'image.synced', 'image.recorded'),
];

/** The same while the desktop runs. */
export const IMAGES_LIVE: readonly Case[] = cases(
  IMAGE_LIVE,
  ...['take.intended', 'take.frozen', 'take.switched', 'take.committed', 'image.taken.over', 'image.filled'],
);

/** A storage daemon dies while it writes an image: it is begun again. */
export const IMAGES_DAEMON: readonly Case[] = cases(IMAGE, 'image.opened', 'image.filled');
