/** The public service's own Python client, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { python } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function sdkPythonSample({ endpoint, action, parameters }: Wanted): string {
  return `# ${action} by the SDK. pip install alibabacloud_tea_openapi alibabacloud_tea_util
import os

from alibabacloud_tea_openapi import models
from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_util import models as util_models

client = Client(
    models.Config(
        access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
        access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
        security_token=os.environ.get("ALIBABA_CLOUD_SECURITY_TOKEN"),
        endpoint=${python(hostOf(endpoint))},
        protocol="${schemeOf(endpoint)}",
    )
)
call = models.Params(
    action=${python(action)},
    version="${VERSION}",
    protocol="${schemeOf(endpoint).toUpperCase()}",
    pathname="/",
    method="POST",
    auth_type="AK",
    style="RPC",
    req_body_type="formData",
    body_type="json",
)
request = models.OpenApiRequest(
    query={${lines(parameters, (name, value) => `${python(name)}: ${python(value)},`, '        ')}
    }
)
print(client.call_api(call, request, util_models.RuntimeOptions())["body"])
`;
}
