/**
 * What stands in the form, as the flat text parameters that are sent: `X.1` for lists, `X.Key` for objects, JSON text
 * for those that are sent so.
 *
 * Invariants: an empty field is not sent; nothing is checked that the service checks, so that its own refusals can be seen.
 */
import type { Parameter } from '../described.ts';

export type Fault = 'notJson' | 'notArray';

export interface Flattened {
  readonly parameters: Readonly<Record<string, string>>;
  readonly faults: Readonly<Record<string, Fault>>;
}

/** How a parameter is written in the form. */
export function kindOf({ schema, style }: Parameter): 'text' | 'lines' | 'json-list' | 'json-object' {
  if (schema.type === 'array') return schema.items?.type === 'object' ? 'json-list' : 'lines';
  return schema.type === 'object' || style === 'json' ? 'json-object' : 'text';
}

export function flatten(parameters: readonly Parameter[], form: Readonly<Record<string, string>>): Flattened {
  const sent: Record<string, string> = {};
  const faults: Record<string, Fault> = {};
  for (const parameter of parameters) {
    const { name, style } = parameter;
    const text = form[name] ?? '';
    if (text === '') continue;
    const kind = kindOf(parameter);
    if (kind === 'text') sent[name] = text;
    else if (kind === 'lines')
      spread(
        sent,
        name,
        text.split('\n').filter((line) => line !== ''),
      );
    else {
      const value = parsed(text);
      if (value === undefined) faults[name] = 'notJson';
      else if (kind === 'json-list' && !Array.isArray(value)) faults[name] = 'notArray';
      else if (style === 'json') sent[name] = text;
      else spread(sent, name, value);
    }
  }
  return { parameters: sent, faults };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function spread(sent: Record<string, string>, name: string, value: unknown): void {
  if (Array.isArray(value)) for (const [at, one] of value.entries()) spread(sent, `${name}.${at + 1}`, one);
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) spread(sent, `${name}.${key}`, one);
  else sent[name] = String(value);
}
