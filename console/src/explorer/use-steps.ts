/** The steps of a signature for what stands in the form, made anew with each change of it. */
import { useEffect, useState } from 'react';
import { type SignatureKind, signatureOf } from '../signature.ts';
import { type Credentials, fresh, type Parameters, type Signed, type Steps } from '../signer.ts';

export function useSteps(
  credentials: Credentials | null,
  action: string,
  parameters: Parameters,
  format: 'JSON' | 'XML',
  kind: SignatureKind,
): Steps | Signed | undefined {
  const [made, setMade] = useState<Steps | Signed>();
  useEffect(() => {
    // Elsewhere a browser has no cryptography; signing in says so.
    if (!isSecureContext) return;
    let current = true;
    const request = { host: location.host, action, parameters, format, ...fresh() };
    void signatureOf(kind, request, credentials).then((shown) => {
      if (current) setMade(shown);
    });
    return () => {
      current = false;
    };
  }, [credentials, action, parameters, format, kind]);
  return made;
}
