/** A shell script with curl and openssl. The form's values are in it already encoded. */
import { encodeParameters, VERSION } from '../signer.ts';
import { hostOf, type Wanted } from './sample.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function curlSample({ endpoint, action, parameters }: Wanted): string {
  return `#!/bin/sh
# ${action}, signed with ACS3-HMAC-SHA256. Needs curl and openssl.
# While openssl signs, other users of this machine can see the secret among its arguments.
set -eu
endpoint=${quoted(endpoint)}
host=${quoted(hostOf(endpoint))}
body=${quoted(encodeParameters(parameters))}

sha256() { openssl dgst -sha256 "$@" | sed 's/^.* //'; }
date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
nonce=$(openssl rand -hex 16)
body_hash=$(printf %s "$body" | sha256)
signed='content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version'

canonical="POST
/
Format=JSON
content-type:application/x-www-form-urlencoded
host:$host
x-acs-action:${action}
x-acs-content-sha256:$body_hash
x-acs-date:$date
x-acs-signature-nonce:$nonce
x-acs-version:${VERSION}

$signed
$body_hash"
to_sign="ACS3-HMAC-SHA256
$(printf %s "$canonical" | sha256)"
signature=$(printf %s "$to_sign" | sha256 -hmac "$ALIBABA_CLOUD_ACCESS_KEY_SECRET")

curl -sS "$endpoint/?Format=JSON" --data-raw "$body" \\
  -H 'content-type: application/x-www-form-urlencoded' \\
  -H 'x-acs-action: ${action}' \\
  -H "x-acs-content-sha256: $body_hash" \\
  -H "x-acs-date: $date" \\
  -H "x-acs-signature-nonce: $nonce" \\
  -H 'x-acs-version: ${VERSION}' \\
  -H "authorization: ACS3-HMAC-SHA256 Credential=$ALIBABA_CLOUD_ACCESS_KEY_ID,SignedHeaders=$signed,Signature=$signature"
`;
}
