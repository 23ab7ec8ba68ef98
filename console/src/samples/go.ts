/** The public service's Go client, pointed at this service, which no test runs; and Debian's, which the full tier runs. */
import { VERSION } from '../signer.ts';
import { go } from './literals.ts';
import { hostOf, lines, schemeOf, type Wanted } from './sample.ts';

export function goSample({ endpoint, action, parameters }: Wanted): string {
  const scheme = schemeOf(endpoint);
  return `// ${action} by the SDK. Save as call.go; go get github.com/alibabacloud-go/darabonba-openapi/v2
package main

import (
	"encoding/json"
	"fmt"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
)

func main() {
	client, err := openapi.NewClient(&openapi.Config{
		AccessKeyId:     tea.String(os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID")),
		AccessKeySecret: tea.String(os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET")),
		SecurityToken:   tea.String(os.Getenv("ALIBABA_CLOUD_SECURITY_TOKEN")),
		Endpoint:        tea.String(${go(hostOf(endpoint))}),
		Protocol:        tea.String("${scheme}"),
	})
	if err != nil {
		panic(err)
	}
	call := &openapi.Params{
		Action:      tea.String(${go(action)}),
		Version:     tea.String("${VERSION}"),
		Protocol:    tea.String("${scheme.toUpperCase()}"),
		Pathname:    tea.String("/"),
		Method:      tea.String("POST"),
		AuthType:    tea.String("AK"),
		Style:       tea.String("RPC"),
		ReqBodyType: tea.String("formData"),
		BodyType:    tea.String("json"),
	}
	query := map[string]*string{${lines(parameters, (name, value) => `${go(name)}: tea.String(${go(value)}),`, '\t\t')}
	}
	answer, err := client.CallApi(call, &openapi.OpenApiRequest{Query: query}, &util.RuntimeOptions{})
	if err != nil {
		panic(err)
	}
	text, _ := json.Marshal(answer["body"])
	fmt.Println(string(text))
}
`;
}

export function aliyungoSample({ endpoint, action, parameters }: Wanted): string {
  return `// ${action} by aliyungo. Save as call.go; apt install golang-go golang-github-denverdino-aliyungo-dev
// GO111MODULE=off GOPATH=/usr/share/gocode go run call.go
package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	"github.com/denverdino/aliyungo/common"
)

func main() {
	client := &common.Client{}
	client.Init(${go(endpoint)}, "${VERSION}",
		os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
	client.SetSecurityToken(os.Getenv("ALIBABA_CLOUD_SECURITY_TOKEN"))
	query := url.Values{${lines(parameters, (name, value) => `${go(name)}: {${go(value)}},`, '\t\t')}
	}
	var answer interface{}
	if err := client.InvokeByAnyMethod("POST", ${go(action)}, "/", query, &answer); err != nil {
		answer = err
	}
	text, _ := json.Marshal(answer)
	fmt.Println(string(text))
}
`;
}
