// Calls a server by Debian's aliyungo: a request a line in, its answer a line out, both JSON.
//
// It adds nothing to what the client sends: lists go as the client's own types, all else as its url.Values.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"reflect"

	"github.com/denverdino/aliyungo/common"
)

type request struct {
	// How: Invoke, InvokeByFlattenMethod, or a method of HTTP for InvokeByAnyMethod.
	How, Action string
	Text        map[string]string
	Lists       map[string][]string
}

type answer struct {
	Body map[string]interface{} `json:",omitempty"`
	// Of an error, as the client tells it: in fields, and as a text.
	Code, Message, RequestId, HostId string
	StatusCode                       int
	Text                             string
}

// arguments gives a struct where there are lists, since the client reads their kind from its fields.
func arguments(call request) interface{} {
	if len(call.Lists) == 0 {
		values := url.Values{}
		for name, value := range call.Text {
			values.Set(name, value)
		}
		return values
	}
	fields := []reflect.StructField{}
	for name := range call.Text {
		fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeOf("")})
	}
	list := reflect.TypeOf([]string{})
	if call.How == "InvokeByFlattenMethod" {
		list = reflect.TypeOf(common.FlattenArray{})
	}
	for name := range call.Lists {
		fields = append(fields, reflect.StructField{Name: name, Type: list})
	}
	made := reflect.New(reflect.StructOf(fields)).Elem()
	for name, value := range call.Text {
		made.FieldByName(name).SetString(value)
	}
	for name, values := range call.Lists {
		made.FieldByName(name).Set(reflect.ValueOf(values).Convert(list))
	}
	return made.Interface()
}

func send(client *common.Client, call request) answer {
	body := map[string]interface{}{}
	var err error
	switch call.How {
	case "Invoke":
		err = client.Invoke(call.Action, arguments(call), &body)
	case "InvokeByFlattenMethod":
		err = client.InvokeByFlattenMethod(call.Action, arguments(call), &body)
	default:
		err = client.InvokeByAnyMethod(call.How, call.Action, "/", arguments(call), &body)
	}
	if err == nil {
		return answer{Body: body}
	}
	if told, ok := err.(*common.Error); ok {
		return answer{
			Code: told.Code, Message: told.Message, RequestId: told.RequestId, HostId: told.HostId,
			StatusCode: told.StatusCode, Text: err.Error(),
		}
	}
	return answer{Code: "NoAnswer", Text: err.Error()}
}

func main() {
	client := &common.Client{}
	client.Init(os.Getenv("ENDPOINT"), "2020-09-30", os.Getenv("ACCESS_KEY_ID"), os.Getenv("ACCESS_KEY_SECRET"))
	client.SetSecurityToken(os.Getenv("SECURITY_TOKEN"))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		call := request{}
		if err := json.Unmarshal(lines.Bytes(), &call); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		told, err := json.Marshal(send(client, call))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(string(told))
	}
}
