/**
 * Answers in XML.
 *
 * Invariants: well-formed XML 1.0 whatever the texts are; an array is its own element repeated, without a wrapper; an
 * empty array and what is null or undefined are left out. Characters that XML 1.0 cannot hold become U+FFFD.
 */
export const XML_TYPE = 'text/xml;charset=utf-8';
export const XML_HEAD = "<?xml version='1.0' encoding='UTF-8'?>";

const SPECIAL = /[&<>"'\r]/g;
const UNHOLDABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g;
const NAME = /^[A-Za-z_][\w.-]*$/;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  // A bare carriage return would be read as a line feed.
  '\r': '&#13;',
};

/** The body of a successful answer of an operation. */
export function renderXml(action: string, requestId: string, response: object): string {
  return `${XML_HEAD}<${action}Response><RequestId>${requestId}</RequestId>${fields(response)}</${action}Response>`;
}

/** An element with a value of any kind: text, number, boolean, object, array. */
export function element(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => element(name, item)).join('');
  const tag = NAME.test(name) ? name : 'Item';
  return `<${tag}>${typeof value === 'object' ? fields(value) : escapeXml(String(value))}</${tag}>`;
}

/** Text as the content of an element. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(UNHOLDABLE, '\uFFFD')
    .replace(SPECIAL, (c) => ESCAPES[c]!);
}

function fields(value: object): string {
  let text = '';
  for (const [name, field] of Object.entries(value)) text += element(name, field);
  return text;
}
