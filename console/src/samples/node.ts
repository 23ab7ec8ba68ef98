/** An ES module for Node 18 or newer, without packages. */
import { VERSION } from '../signer.ts';
import { javascript } from './literals.ts';
import { hostOf, lines, type Wanted } from './sample.ts';

export function nodeSample({ endpoint, action, parameters }: Wanted): string {
  return `// ${action}, signed with ACS3-HMAC-SHA256. Save as call.mjs; Node 18 or newer, no packages.
import { createHash, createHmac, randomUUID } from 'node:crypto';

const endpoint = ${javascript(endpoint)};
const parameters = {${lines(parameters, (name, value) => `${javascript(name)}: ${javascript(value)},`, '  ')}
};

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const percent = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());

const body = Object.entries(parameters)
  .map(([name, value]) => percent(name) + '=' + percent(value))
  .join('&');
const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  host: ${javascript(hostOf(endpoint))},
  'x-acs-action': ${javascript(action)},
  'x-acs-content-sha256': sha256(body),
  'x-acs-date': new Date().toISOString().replace(/\\.\\d+Z$/, 'Z'),
  'x-acs-signature-nonce': randomUUID(),
  'x-acs-version': '${VERSION}',
};
// Of temporary credentials only.
const token = process.env.ALIBABA_CLOUD_SECURITY_TOKEN;
if (token) headers['x-acs-security-token'] = token;
const names = Object.keys(headers).sort();
const signedHeaders = names.join(';');
const lines = names.map((name) => name + ':' + headers[name] + '\\n').join('');
const canonical = ['POST', '/', 'Format=JSON', lines, signedHeaders, headers['x-acs-content-sha256']].join('\\n');
const signature = createHmac('sha256', process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET)
  .update('ACS3-HMAC-SHA256\\n' + sha256(canonical))
  .digest('hex');

// fetch sets host itself, to the same value.
const { host, ...sent } = headers;
const answer = await fetch(endpoint + '/?Format=JSON', {
  method: 'POST',
  headers: {
    ...sent,
    authorization:
      'ACS3-HMAC-SHA256 Credential=' + process.env.ALIBABA_CLOUD_ACCESS_KEY_ID +
      ',SignedHeaders=' + signedHeaders + ',Signature=' + signature,
  },
  body,
});
console.log(await answer.text());
`;
}
