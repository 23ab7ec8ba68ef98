/**
 * What the error centre says of a code in the language chosen. The English texts come from the service's own catalogue;
 * those of other languages stand in a folder of that language, one for each code.
 *
 * Invariant: a code that has no text in a language is told in English; words in angle brackets are the same in all.
 */
import type { ErrorText, ListedError } from '../described.ts';
import { PARAMETER_TEXTS } from './zh/parameters.ts';
import { REQUEST_TEXTS } from './zh/request.ts';
import { STATE_TEXTS } from './zh/state.ts';

export const CHINESE: Readonly<Record<string, ErrorText>> = {
  ...REQUEST_TEXTS,
  ...PARAMETER_TEXTS,
  ...STATE_TEXTS,
};

/** `parameter` is filled in where the code is one of a family. */
export function textOf(error: ListedError, language: 'en' | 'zh', parameter?: string): ErrorText {
  const own = language === 'zh' && Object.hasOwn(CHINESE, error.code) ? CHINESE[error.code]! : error;
  if (parameter === undefined) return own;
  const fill = (text: string) => text.replaceAll('<parameter>', parameter);
  return { message: fill(own.message), advice: fill(own.advice), causes: own.causes };
}
