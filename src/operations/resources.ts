/**
 * The names of what operations act on, as access policies speak of them: `desktop/ID`, `snapshot/ID`, `bundle/*`.
 *
 * Invariants: only an operation puts a `*` at the end of a name (a listing: all of that kind); what a client sends never
 * reads as a pattern. A thing that is yet to be made is `KIND/new`: who may act on all of a kind may make some, and a
 * Deny of one of them does not forbid it. No name depends on whether a thing exists.
 */
export type Kind =
  | 'desktop'
  | 'snapshot'
  | 'image'
  | 'bundle'
  | 'snapshotpolicy'
  | 'officesite'
  | 'policygroup'
  | 'audit'
  | 'region';

const LONGEST_ID = 128;

/** All of a kind: for a listing that names none. */
export function all(kind: Kind): readonly string[] {
  return [`${kind}/*`];
}

/** One that is yet to be made. */
export function made(kind: Kind): readonly string[] {
  return [`${kind}/new`];
}

/** Those that the request names; ids may be undefined. */
export function named(kind: Kind, ...ids: readonly (string | readonly string[] | undefined)[]): string[] {
  const names: string[] = [];
  for (const id of ids)
    if (typeof id === 'string') names.push(name(kind, id));
    else if (id !== undefined) for (const one of id) names.push(name(kind, one));
  return names;
}

/** Those that the request names, or all of the kind if it names none. */
export function namedOrAll(
  kind: Kind,
  ...ids: readonly (string | readonly string[] | undefined)[]
): readonly string[] {
  const names = named(kind, ...ids);
  return names.length > 0 ? names : all(kind);
}

function name(kind: Kind, id: string): string {
  // No id of ours is as long, and a policy's pattern must not be compared with a megabyte.
  if (id.length > LONGEST_ID) return `${kind}/too-long`;
  return `${kind}/${/[*?]/.test(id) ? id.replaceAll('*', '%2A').replaceAll('?', '%3F') : id}`;
}
