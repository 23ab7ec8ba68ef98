/** The public service's own Python client, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { hostOf, type Wanted } from './sample.ts';

export function sdkPythonSample({ endpoint, action, parameters }: Wanted): string {
  const protocol = endpoint.startsWith('https:') ? 'HTTPS' : 'HTTP';
  return `# ${action} by the SDK. pip install alibabacloud_tea_openapi alibabacloud_tea_util
import os

from alibabacloud_tea_openapi import models
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_util import models as util_models

client = Client(
    models.Config(
        access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        endpoint=${JSON.stringify(hostOf(endpoint))},
        protocol="${protocol.toLowerCase()}",
    )
)
call = models.Params(
    action=${JSON.stringify(action)},
    version="${VERSION}",
    protocol="${protocol}",
    pathname="/",
    method="POST",
    auth_type="AK",
    style="RPC",
    req_body_type="formData",
    body_type="json",
)
request = models.OpenApiRequest(
    query=${JSON.stringify(parameters, undefined, 4).replaceAll('\n', '\n    ')}
)
print(client.call_api(call, request, util_models.RuntimeOptions())["body"])
`;
}
