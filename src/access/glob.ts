/**
 * Patterns with `*` (any text, also none) and `?` (one character), as policies use them.
 *
 * Invariants: pure; the time is linear in what is compared but for texts made to be bad, and never exponential; a `*`
 * at the end of the compared text stands for "whatever comes here", and only a `*` of the pattern takes it.
 */

/** Whether the pattern takes the whole text, and with a text that ends in `*` everything that begins like it. */
export function covers(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let p = 0;
  while (at < text.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = p++;
      resume = at;
    } else if (wanted === text[at] || (wanted === '?' && text[at] !== '*')) {
      p++;
      at++;
    } else if (star >= 0) {
      p = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Whether the pattern takes the text, or with a text that ends in `*` anything at all that begins like it. */
export function touches(pattern: string, text: string): boolean {
  if (!text.endsWith('*')) return covers(pattern, text);
  for (let at = 0; at < text.length - 1; at++) {
    // What follows a star of the pattern can be met behind the part that is known.
    if (pattern[at] === '*') return true;
    if (pattern[at] === undefined || (pattern[at] !== text[at] && pattern[at] !== '?')) return false;
  }
  return true;
}
