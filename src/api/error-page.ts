/**
 * What `Recommend` of an error leads to: one error code explained, as plain text.
 *
 * Invariants: it answers from the catalogue of errors alone, so it needs no key and tells nothing of this server's
 * content; what the address says is shown as text, cut short, and never as anything else.
 */
import { CATALOGUE, type CatalogueEntry } from '../errors.ts';

/** Names in braces stand for what the error's own message fills in. */
const PLACEHOLDER = /\{(\w+)\}/g;
const MOST_CHARACTERS = 200;

/** The text for a code as clients see it (`MissingRegionId` and `InvalidX` are families), and the RequestId to look up. */
export function errorPage(query: URLSearchParams): string {
  const code = shown(query.get('q'));
  const requestId = shown(query.get('requestId'));
  const entry = entryOf(code);
  const lines =
    entry === undefined
      ? [`${code === '' ? 'No code was asked for' : `${code} is not a code of this server`}.`]
      : [
          `${code}   (HTTP ${entry.status})`,
          '',
          entry.message.replace(PLACEHOLDER, '<$1>'),
          '',
          `How it comes to be: ${entry.causes}`,
          `What to do: ${entry.advice.replace(PLACEHOLDER, '<$1>')}`,
        ];
  if (requestId !== '') lines.push('', `RequestId ${requestId}: the log of the service has more under it.`);
  return `${lines.join('\n')}\n`;
}

function entryOf(code: string): CatalogueEntry | undefined {
  const table: Readonly<Record<string, CatalogueEntry>> = CATALOGUE;
  const entry = Object.hasOwn(table, code) ? table[code] : undefined;
  if (entry !== undefined) return entry.internal === true ? CATALOGUE.InternalError : entry;
  const family = /^(Missing|Invalid)([A-Z]\w*)$/.exec(code);
  if (family === null) return undefined;
  const base = family[1] === 'Missing' ? CATALOGUE.MissingParameter : CATALOGUE.InvalidParameter;
  const name = (text: string) => text.replaceAll('{parameter}', family[2]!);
  return { ...base, message: name(base.message), advice: name(base.advice) };
}

/** Printable, and not endless. */
function shown(text: string | null): string {
  return (text ?? '').replace(/\p{C}/gu, ' ').slice(0, MOST_CHARACTERS);
}
