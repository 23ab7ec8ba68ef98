/** The steps of a signature for what stands in the form, made anew with each change of it. */
import { useEffect, useState } from 'react';
import { type Credentials, fresh, type Parameters, type Signed, type Steps, sign, steps } from '../signer.ts';

export function useSteps(
  credentials: Credentials | null,
  action: string,
  parameters: Parameters,
  format: 'JSON' | 'XML',
): Steps | Signed | undefined {
  const [made, setMade] = useState<Steps | Signed>();
  useEffect(() => {
    // Elsewhere a browser has no cryptography; signing in says so.
    if (!isSecureContext) return;
    let current = true;
    const request = { host: location.host, action, parameters, format, ...fresh() };
    const make = async () => {
      const done = await steps({ ...request, securityToken: credentials?.securityToken });
      const shown = credentials === null ? done : await sign(done, credentials);
      if (current) setMade(shown);
    };
    void make();
    return () => {
      current = false;
    };
  }, [credentials, action, parameters, format]);
  return made;
}
