/** The text of commands and of their output between its two encodings on the wire. */
import { refused } from './checks.ts';

export type Encoding = 'Base64' | 'PlainText';

/** What ECD allows a command to be, in its Base64 form. */
const LONGEST_BASE64 = 16 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** As ECD does: whatever is not Base64 is PlainText. */
export function encodingOf(word: string | undefined): Encoding {
  return word?.toLowerCase() === 'base64' ? 'Base64' : 'PlainText';
}

/** Throws InvalidParameter for CommandContent that is no Base64 or too long. */
export function checkCommand(content: string, encoding: Encoding): void {
  if (encoding === 'Base64' && !BASE64.test(content)) {
    throw refused('CommandContent', 'It is not Base64, as ContentEncoding says.');
  }
  if (recode(content, encoding, 'Base64').length > LONGEST_BASE64) {
    throw refused('CommandContent', `In Base64 it may have up to ${LONGEST_BASE64} characters.`);
  }
}

export function recode(content: string, from: Encoding, to: Encoding): string {
  if (from === to) return content;
  return to === 'Base64'
    ? Buffer.from(content, 'utf8').toString('base64')
    : Buffer.from(content, 'base64').toString('utf8');
}
