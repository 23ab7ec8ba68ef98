/** The public service's PHP client, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { php } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function phpSample({ endpoint, action, parameters }: Wanted): string {
  const scheme = schemeOf(endpoint);
  return `<?php
// ${action} by the SDK. Save as call.php; composer require alibabacloud/darabonba-openapi
require 'vendor/autoload.php';

use AlibabaCloud\\Tea\\Utils\\Utils\\RuntimeOptions;
use Darabonba\\OpenApi\\Models\\Config;
use Darabonba\\OpenApi\\Models\\OpenApiRequest;
use Darabonba\\OpenApi\\Models\\Params;
use Darabonba\\OpenApi\\OpenApiClient;

$config = new Config([
    'accessKeyId' => getenv('ALIBABA_CLOUD_ACCESS_KEY_ID'),
    'accessKeySecret' => getenv('ALIBABA_CLOUD_ACCESS_KEY_SECRET'),
    'protocol' => '${scheme}',
]);
$config->endpoint = ${php(hostOf(endpoint))};
if (getenv('ALIBABA_CLOUD_SECURITY_TOKEN')) {
    $config->securityToken = getenv('ALIBABA_CLOUD_SECURITY_TOKEN');
}
$call = new Params([
    'action' => ${php(action)},
    'version' => '${VERSION}',
    'protocol' => '${scheme.toUpperCase()}',
    'pathname' => '/',
    'method' => 'POST',
    'authType' => 'AK',
    'style' => 'RPC',
    'reqBodyType' => 'formData',
    'bodyType' => 'json',
]);
$request = new OpenApiRequest(['query' => [${lines(parameters, (name, value) => `${php(name)} => ${php(value)},`, '    ')}
]]);
$answer = (new OpenApiClient($config))->callApi($call, $request, new RuntimeOptions([]));
echo json_encode($answer['body'], JSON_UNESCAPED_UNICODE), "\\n";
`;
}
