/**
 * A text as a literal of a language.
 *
 * Invariants: whatever the text holds, the literal ends where it should and stands for that text; control characters and
 * others that cannot be seen are written as escapes. Half a surrogate pair, which no program can send, becomes U+FFFD.
 */

/** Characters that are seen as what they are. */
const SEEN = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

const hex = (code: number, digits: number) => code.toString(16).toUpperCase().padStart(digits, '0');

/** Each character as it stands in `special`, itself if it is seen, else by `escaped`. */
function write(
  text: string,
  special: Readonly<Record<string, string>>,
  escaped: (code: number) => string,
  plain: RegExp = SEEN,
): string {
  return Array.from(text.toWellFormed(), (one) => {
    if (Object.hasOwn(special, one)) return special[one];
    return plain.test(one) ? one : escaped(one.codePointAt(0)!);
  }).join('');
}

const COMMON = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** UTF-16 units, for languages whose escapes have four digits. */
const units = (code: number) =>
  Array.from({ length: code > 0xffff ? 2 : 1 }, (_, at) => {
    return `\\u${hex(String.fromCodePoint(code).charCodeAt(at), 4)}`;
  }).join('');

/** For sh: nothing is special between single quotes but their end. No program can be given a NUL. */
export const shell = (text: string) =>
  `'${text.toWellFormed().replaceAll('\0', '\ufffd').replaceAll("'", "'\\''")}'`;

export const javascript = (text: string) => `"${write(text, COMMON, units)}"`;

export const python = (text: string) =>
  `"${write(text, COMMON, (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`))}"`;

/**
 * Java reads \uXXXX before it looks for quotes and line ends, so control characters are octal; and older compilers read
 * files in the encoding of the machine, so that all but ASCII is escaped.
 */
export const java = (text: string) =>
  `"${write(text, COMMON, (code) => (code < 0x80 ? `\\${code.toString(8).padStart(3, '0')}` : units(code)), /[ -~]/)}"`;

export const go = (text: string) =>
  `"${write(text, COMMON, (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`))}"`;

/** Between double quotes PHP fills in variables. */
export const php = (text: string) =>
  `"${write(text, { ...COMMON, $: '\\$' }, (code) => `\\u{${hex(code, 1)}}`)}"`;

export const csharp = (text: string) => `"${write(text, COMMON, units)}"`;

/** Terraform fills in what stands in `${...}` and `%{...}`. */
export const hcl = (text: string) =>
  `"${write(text, COMMON, (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`)).replace(/([$%])(?=\{)/g, '$1$1')}"`;
