/** The public service's command line, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { shell } from './literals.ts';
import { hostOf, schemeOf, type Wanted } from './sample.ts';

export function aliyunCliSample({ endpoint, action, parameters }: Wanted): string {
  // By the equals sign, so that a value that begins with -- is one.
  const given = Object.entries(parameters).map(([name, value]) => `--${name}=${shell(value)}`);
  const words = [
    `--force --version ${VERSION} --method POST`,
    `--endpoint ${shell(hostOf(endpoint))} --${schemeOf(endpoint) === 'https' ? 'secure' : 'insecure'}`,
    `--region ${shell(parameters['RegionId'] ?? 'cn-hangzhou')}`,
    '--mode AK --access-key-id "$ALIBABA_CLOUD_ACCESS_KEY_ID"',
    '--access-key-secret "$ALIBABA_CLOUD_ACCESS_KEY_SECRET"',
    ...given,
  ];
  return `#!/bin/sh
# ${action} by the command line of the public service. It knows the operations of this product by --force only.
# Other users of this machine can see the secret among its arguments: "aliyun configure" stores it instead.
aliyun ecd ${action} ${words.join(' \\\n  ')}
`;
}
