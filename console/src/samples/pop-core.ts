/** The public service's older npm client, pointed at this service. */
import { VERSION } from '../signer.ts';
import { javascript } from './literals.ts';
import { lines, type Wanted } from './sample.ts';

export function popCoreSample({ endpoint, action, parameters }: Wanted): string {
  return `// ${action} by the SDK. Save as call.cjs; npm install @alicloud/pop-core
const { RPCClient } = require('@alicloud/pop-core');

const client = new RPCClient({
  accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  securityToken: process.env.ALIBABA_CLOUD_SECURITY_TOKEN,
  endpoint: ${javascript(endpoint)},
  apiVersion: '${VERSION}',
});
const parameters = {${lines(parameters, (name, value) => `${javascript(name)}: ${javascript(value)},`, '  ')}
};

client.request(${javascript(action)}, parameters, { method: 'POST' }).then(
  (answer) => console.log(JSON.stringify(answer)),
  (refusal) => console.log(JSON.stringify(refusal.data ?? { Message: refusal.message })),
);
`;
}
