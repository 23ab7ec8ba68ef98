/** The public service's C# client, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { csharp } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function csharpSample({ endpoint, action, parameters }: Wanted): string {
  const scheme = schemeOf(endpoint);
  return `// ${action} by the SDK. Program.cs of a console project; dotnet add package AlibabaCloud.OpenApiClient
using System;
using System.Collections.Generic;
using AlibabaCloud.OpenApiClient.Models;
using AlibabaCloud.TeaUtil.Models;

var client = new AlibabaCloud.OpenApiClient.Client(new Config
{
    AccessKeyId = Environment.GetEnvironmentVariable("ALIBABA_CLOUD_ACCESS_KEY_ID"),
    AccessKeySecret = Environment.GetEnvironmentVariable("ALIBABA_CLOUD_ACCESS_KEY_SECRET"),
    SecurityToken = Environment.GetEnvironmentVariable("ALIBABA_CLOUD_SECURITY_TOKEN"),
    Endpoint = ${csharp(hostOf(endpoint))},
    Protocol = "${scheme}",
});
var call = new Params
{
    Action = ${csharp(action)},
    Version = "${VERSION}",
    Protocol = "${scheme.toUpperCase()}",
    Pathname = "/",
    Method = "POST",
    AuthType = "AK",
    Style = "RPC",
    ReqBodyType = "formData",
    BodyType = "json",
};
var request = new OpenApiRequest
{
    Query = new Dictionary<string, string>
    {${lines(parameters, (name, value) => `[${csharp(name)}] = ${csharp(value)},`, '        ')}
    },
};
var answer = client.CallApi(call, request, new RuntimeOptions());
Console.WriteLine(AlibabaCloud.TeaUtil.Common.ToJSONString(answer["body"]));
`;
}
