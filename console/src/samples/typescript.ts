/** The public service's npm client for TypeScript, pointed at this service. */
import { VERSION } from '../signer.ts';
import { javascript } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function typescriptSample({ endpoint, action, parameters }: Wanted): string {
  const scheme = schemeOf(endpoint);
  return `// ${action} by the SDK. Save as call.mts; npm install @alicloud/openapi-client @alicloud/tea-util
// Node 22.18 or newer runs it as it is; tsc reads it with "module": "nodenext".
import openapi, { Config, OpenApiRequest, Params } from '@alicloud/openapi-client';
import { RuntimeOptions } from '@alicloud/tea-util';

const key = process.env as Record<string, string>;
const client = new openapi.default(
  new Config({
    accessKeyId: key['ALIBABA_CLOUD_ACCESS_KEY_ID'],
    accessKeySecret: key['ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
    securityToken: key['ALIBABA_CLOUD_SECURITY_TOKEN'],
    endpoint: ${javascript(hostOf(endpoint))},
    protocol: '${scheme}',
  }),
);
const call = new Params({
  action: ${javascript(action)},
  version: '${VERSION}',
  protocol: '${scheme.toUpperCase()}',
  pathname: '/',
  method: 'POST',
  authType: 'AK',
  style: 'RPC',
  reqBodyType: 'formData',
  bodyType: 'json',
});
const query: Record<string, string> = {${lines(parameters, (name, value) => `${javascript(name)}: ${javascript(value)},`, '  ')}
};

try {
  const answer = await client.callApi(call, new OpenApiRequest({ query }), new RuntimeOptions({}));
  console.log(JSON.stringify(answer['body']));
} catch (refusal) {
  const { data, message } = refusal as { data?: object; message: string };
  console.log(JSON.stringify(data ?? { Message: message }));
}
`;
}
