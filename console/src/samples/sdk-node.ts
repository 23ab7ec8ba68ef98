/** The public service's own npm client, pointed at this service. */
import { VERSION } from '../signer.ts';
import { hostOf, type Wanted } from './sample.ts';

export function sdkNodeSample({ endpoint, action, parameters }: Wanted): string {
  const protocol = endpoint.startsWith('https:') ? 'HTTPS' : 'HTTP';
  return `// ${action} by the SDK. Save as call.cjs; npm install @alicloud/openapi-client @alicloud/tea-util
const { default: Client, Config, Params, OpenApiRequest } = require('@alicloud/openapi-client');
const { RuntimeOptions } = require('@alicloud/tea-util');

const client = new Client(
  new Config({
    accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
    accessKeySecret: process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
    endpoint: ${JSON.stringify(hostOf(endpoint))},
    protocol: '${protocol.toLowerCase()}',
  }),
);
const call = new Params({
  action: ${JSON.stringify(action)},
  version: '${VERSION}',
  protocol: '${protocol}',
  pathname: '/',
  method: 'POST',
  authType: 'AK',
  style: 'RPC',
  reqBodyType: 'formData',
  bodyType: 'json',
});
const request = new OpenApiRequest({
  query: ${JSON.stringify(parameters, undefined, 2).replaceAll('\n', '\n  ')},
});

client.callApi(call, request, new RuntimeOptions({})).then(
  ({ body }) => console.log(JSON.stringify(body)),
  (refusal) => console.log(JSON.stringify(refusal.data ?? { Message: refusal.message })),
);
`;
}
