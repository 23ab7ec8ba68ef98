/**
 * How fast jobs go, from looking at them again and again: pure.
 *
 * Invariant: what is given is what was stored in the last `WINDOW_MS` or so; undefined until a job was seen twice.
 */
const WINDOW_MS = 10_000;

interface Look {
  readonly at: number;
  readonly done: number;
}

export type Looks = ReadonlyMap<string, readonly Look[]>;

/** With one more look at all jobs that there are; jobs that are over are forgotten. */
export function looked(
  before: Looks,
  jobs: readonly { readonly id: string; readonly done: number }[],
  at: number,
): Looks {
  return new Map(
    jobs.map(({ id, done }) => {
      const old = before.get(id) ?? [];
      // One that is older than the window stays, so that there are always two.
      const from = old.findLastIndex((look) => look.at <= at - WINDOW_MS);
      return [id, [...old.slice(Math.max(from, 0)), { at, done }]];
    }),
  );
}

/** Bytes a second. */
export function paceOf(looks: Looks, id: string): number | undefined {
  const own = looks.get(id) ?? [];
  const [first, last] = [own[0], own.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  return Math.max(0, ((last.done - first.done) * 1000) / (last.at - first.at));
}
