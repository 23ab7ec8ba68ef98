/** The two ways to sign a request, by their names. */
import { type Credentials, type Signed, type Steps, sign, steps, type Unsigned } from './signer.ts';
import { signV1, stepsV1 } from './signer-v1.ts';

export const SIGNATURES = ['ACS3-HMAC-SHA256', 'HMAC-SHA1'] as const;
export type SignatureKind = (typeof SIGNATURES)[number];

/** Stands where the key is named while nobody is signed in. */
const NOBODY = 'YOUR_ACCESS_KEY_ID';

/** Everything up to the string to sign; the signature, too, when somebody is signed in. */
export async function signatureOf(
  kind: SignatureKind,
  request: Unsigned,
  credentials: Credentials | null,
): Promise<Steps | Signed> {
  const whole = { ...request, securityToken: credentials?.securityToken };
  if (kind === 'HMAC-SHA1') {
    const done = stepsV1(whole, credentials?.accessKeyId ?? NOBODY);
    return credentials === null ? done : signV1(done, credentials);
  }
  const done = await steps(whole);
  return credentials === null ? done : sign(done, credentials);
}
