/** A Python 3 script with the standard library alone. */
import { VERSION } from '../signer.ts';
import { python } from './literals.ts';
import { hostOf, lines, type Wanted } from './sample.ts';

export function pythonSample({ endpoint, action, parameters }: Wanted): string {
  return `# ${action}, signed with ACS3-HMAC-SHA256. Python 3, no packages.
import hashlib, hmac, os, urllib.error, urllib.request, uuid
from datetime import datetime, timezone
from urllib.parse import quote

endpoint = ${python(endpoint)}
parameters = {${lines(parameters, (name, value) => `${python(name)}: ${python(value)},`, '    ')}
}


def percent(text):
    return quote(text, safe="-_.~")


def sha256(data):
    return hashlib.sha256(data.encode()).hexdigest()


body = "&".join(percent(name) + "=" + percent(value) for name, value in parameters.items())
headers = {
    "content-type": "application/x-www-form-urlencoded",
    "host": ${python(hostOf(endpoint))},
    "x-acs-action": ${python(action)},
    "x-acs-content-sha256": sha256(body),
    "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "x-acs-signature-nonce": uuid.uuid4().hex,
    "x-acs-version": "${VERSION}",
}
# Of temporary credentials only.
if os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN"):
    headers["x-acs-security-token"] = os.environ["ALIBABA_CLOUD_SECURITY_TOKEN"]
names = sorted(headers)
signed = ";".join(names)
lines = "".join(name + ":" + headers[name] + "\\n" for name in names)
canonical = "\\n".join(["POST", "/", "Format=JSON", lines, signed, headers["x-acs-content-sha256"]])
secret = os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"].encode()
to_sign = "ACS3-HMAC-SHA256\\n" + sha256(canonical)
signature = hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest()
headers["authorization"] = "ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%s" % (
    os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
    signed,
    signature,
)

request = urllib.request.Request(endpoint + "/?Format=JSON", data=body.encode(), headers=headers, method="POST")
try:
    with urllib.request.urlopen(request) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as refusal:
    print(refusal.read().decode())
`;
}
