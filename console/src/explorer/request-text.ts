/** A signed request as it goes over the wire, as text. */
import type { Signed, Steps } from '../signer.ts';

export function requestText(made: Steps | Signed): string {
  const headers = {
    ...made.headers,
    ...('authorization' in made && made.authorization ? { authorization: made.authorization } : {}),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `POST ${made.target} HTTP/1.1\n${lines.join('\n')}\n\n${made.body}`;
}
