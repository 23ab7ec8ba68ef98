/** A shell script with curl and openssl. The form's values are in it already encoded. */
import { encodeParameters, VERSION } from '../signer.ts';
import { shell } from './literals.ts';
import { hostOf, type Wanted } from './sample.ts';

export function curlSample({ endpoint, action, parameters }: Wanted): string {
  return `#!/bin/sh
# ${action}, signed with ACS3-HMAC-SHA256. Needs curl and openssl.
# While openssl signs, other users of this machine can see the secret among its arguments.
set -eu
endpoint=${shell(endpoint)}
host=${shell(hostOf(endpoint))}
body=${shell(encodeParameters(parameters))}

sha256() { openssl dgst -sha256 "$@" | sed 's/^.* //'; }
date=$(date -u +%Y-%m-%dT%H:%M:%SZ)
nonce=$(openssl rand -hex 16)
body_hash=$(printf %s "$body" | sha256)
token_name= token_line=
# Of temporary credentials only.
if [ -n "\${ALIBABA_CLOUD_SECURITY_TOKEN:-}" ]; then
  token_name='x-acs-security-token;'
  token_line="
x-acs-security-token:$ALIBABA_CLOUD_SECURITY_TOKEN"
  set -- -H "x-acs-security-token: $ALIBABA_CLOUD_SECURITY_TOKEN"
fi
signed="content-type;host;x-acs-action;x-acs-content-sha256;x-acs-date;\${token_name}x-acs-signature-nonce;x-acs-version"

canonical="POST
/
Format=JSON
content-type:application/x-www-form-urlencoded
host:$host
x-acs-action:${action}
x-acs-content-sha256:$body_hash
x-acs-date:$date$token_line
x-acs-signature-nonce:$nonce
x-acs-version:${VERSION}

$signed
$body_hash"
to_sign="ACS3-HMAC-SHA256
$(printf %s "$canonical" | sha256)"
signature=$(printf %s "$to_sign" | sha256 -hmac "$ALIBABA_CLOUD_ACCESS_KEY_SECRET")

curl -sS "$endpoint/?Format=JSON" --data-raw "$body" "$@" \\
  -H 'content-type: application/x-www-form-urlencoded' \\
  -H 'x-acs-action: ${action}' \\
  -H "x-acs-content-sha256: $body_hash" \\
  -H "x-acs-date: $date" \\
  -H "x-acs-signature-nonce: $nonce" \\
  -H 'x-acs-version: ${VERSION}' \\
  -H "authorization: ACS3-HMAC-SHA256 Credential=$ALIBABA_CLOUD_ACCESS_KEY_ID,SignedHeaders=$signed,Signature=$signature"
`;
}
