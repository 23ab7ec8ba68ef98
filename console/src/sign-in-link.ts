/**
 * The token of a link that signs in, as `openecd console link` prints it: `/console/sign-in#link=TOKEN`.
 *
 * Invariants: it is taken out of the address before anything else of the page runs, so that it stands neither there nor
 * in the history; it is kept in memory, and handed out once.
 */
const IN_ADDRESS = /^#link=([A-Za-z0-9%+/=_-]+)$/;

let token = take();
const listeners = new Set<() => void>();
// A link that is opened in a page of the same address loads nothing anew.
addEventListener('hashchange', () => {
  token = take() ?? token;
  for (const listener of listeners) listener();
});

function take(): string | undefined {
  const found = IN_ADDRESS.exec(location.hash)?.[1];
  if (found === undefined) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    return decodeURIComponent(found);
  } catch {
    return undefined;
  }
}

/** Calls `listener` with each token, also one that is there already. Returns what ends it. */
export function onLink(listener: (token: string) => void): () => void {
  const look = () => {
    const found = token;
    token = undefined;
    if (found !== undefined) listener(found);
  };
  listeners.add(look);
  look();
  return () => void listeners.delete(look);
}
