/** The public service's Java client, pointed at this service. No test runs it. */
import { VERSION } from '../signer.ts';
import { java } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function javaSample({ endpoint, action, parameters }: Wanted): string {
  const scheme = schemeOf(endpoint);
  return `// ${action} by the SDK. Save as Call.java; with com.aliyun:tea-openapi of Maven Central.
import com.aliyun.teaopenapi.Client;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import java.util.LinkedHashMap;
import java.util.Map;

public class Call {
    public static void main(String[] args) throws Exception {
        Config config = new Config()
            .setAccessKeyId(System.getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"))
            .setAccessKeySecret(System.getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
            .setSecurityToken(System.getenv("ALIBABA_CLOUD_SECURITY_TOKEN"));
        config.endpoint = ${java(hostOf(endpoint))};
        config.protocol = "${scheme}";
        Params call = new Params()
            .setAction(${java(action)})
            .setVersion("${VERSION}")
            .setProtocol("${scheme.toUpperCase()}")
            .setPathname("/")
            .setMethod("POST")
            .setAuthType("AK")
            .setStyle("RPC")
            .setReqBodyType("formData")
            .setBodyType("json");
        Map<String, String> query = new LinkedHashMap<>();${lines(parameters, (name, value) => `query.put(${java(name)}, ${java(value)});`, '        ')}
        OpenApiRequest request = new OpenApiRequest().setQuery(query);
        Map<String, ?> answer = new Client(config).callApi(call, request, new RuntimeOptions());
        System.out.println(answer.get("body"));
    }
}
`;
}
