package doctor_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// object is a structure of AWS's, list one of its lists.
type (
	object = map[string]any
	list   = []any
)

// refusal is an answer that is none: its code, and what it says.
type refusal struct{ code string }

// call is a request to AWS, whichever protocol it came by.
type call struct {
	service, operation string
	in                 object
}

// speak reads a request by the protocol of its service and writes the answer by
// it: SQS, ECS and CloudWatch Logs by AWS JSON, CloudWatch by RPC v2 CBOR, SNS,
// ELB, RDS and STS by AWS Query, Lambda by REST.
func speak(w http.ResponseWriter, r *http.Request, answer func(call) any) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	target := r.Header.Get("X-Amz-Target")
	switch {
	case target != "":
		service, operation, _ := strings.Cut(target, ".")
		in := object{}
		_ = json.Unmarshal(body, &in)
		writeJSON(w, answer(call{service, operation, in}))
	case strings.HasPrefix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/"):
		v, err := cbor.Decode(body)
		if err != nil {
			panic(err)
		}
		in, _ := fromCBOR(v).(object)
		writeCBOR(w, answer(call{"CloudWatch", r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], in}))
	case strings.HasPrefix(r.URL.Path, "/2015-03-31/"):
		writeJSON(w, answer(lambdaCall(r)))
	default:
		form, err := url.ParseQuery(string(body))
		if err != nil {
			panic(err)
		}
		in := object{}
		for name := range form {
			in[name] = form.Get(name)
		}
		writeXML(w, form.Get("Action"), answer(call{"Query", form.Get("Action"), in}))
	}
}

var functionPath = regexp.MustCompile(`^/2015-03-31/functions/([^/]+)/configuration$`)

func lambdaCall(r *http.Request) call {
	c := call{"Lambda", "ListEventSourceMappings", object{}}
	for name := range r.URL.Query() {
		c.in[name] = r.URL.Query().Get(name)
	}
	if m := functionPath.FindStringSubmatch(r.URL.Path); m != nil {
		c.operation, c.in["FunctionName"] = "GetFunctionConfiguration", m[1]
	}
	return c
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if no, ok := v.(refusal); ok {
		w.Header().Set("X-Amzn-Errortype", no.code)
		w.WriteHeader(http.StatusBadRequest)
		v = object{"__type": no.code, "message": "no " + no.code}
	}
	_ = json.NewEncoder(w).Encode(v)
}

func writeCBOR(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	if no, ok := v.(refusal); ok {
		w.WriteHeader(http.StatusBadRequest)
		v = object{"__type": no.code, "message": "no " + no.code}
	}
	_, _ = w.Write(cbor.Encode(toCBOR(v)))
}

func toCBOR(v any) cbor.Value {
	switch v := v.(type) {
	case object:
		m := cbor.Map{}
		for name, value := range v {
			m[name] = toCBOR(value)
		}
		return m
	case list:
		l := cbor.List{}
		for _, value := range v {
			l = append(l, toCBOR(value))
		}
		return l
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int:
		return cbor.Uint(uint64(v))
	case float64:
		return cbor.Float64(v)
	}
	panic(fmt.Sprintf("%T", v))
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		m := object{}
		for name, value := range v {
			m[name] = fromCBOR(value)
		}
		return m
	case cbor.List:
		l := list{}
		for _, value := range v {
			l = append(l, fromCBOR(value))
		}
		return l
	case cbor.String:
		return string(v)
	case cbor.Uint:
		return int(v)
	}
	return nil
}

// writeXML writes lists as members, and those of RDS by their kind.
func writeXML(w http.ResponseWriter, action string, v any) {
	w.Header().Set("Content-Type", "text/xml")
	var b strings.Builder
	if no, ok := v.(refusal); ok {
		w.WriteHeader(http.StatusBadRequest)
		element(&b, "ErrorResponse", object{"Error": object{"Type": "Sender", "Code": no.code, "Message": "no " + no.code}, "RequestId": "1"})
	} else {
		element(&b, action+"Response", object{action + "Result": v, "ResponseMetadata": object{"RequestId": "1"}})
	}
	_, _ = io.WriteString(w, b.String())
}

// attributes are a map of texts as SNS writes it.
type attributes map[string]string

func element(b *strings.Builder, name string, v any) {
	b.WriteString("<" + name + ">")
	switch v := v.(type) {
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			element(b, key, v[key])
		}
	case list:
		member := "member"
		if name == "DBClusters" {
			member = "DBCluster"
		}
		for _, value := range v {
			element(b, member, value)
		}
	case attributes:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			element(b, "entry", object{"key": key, "value": v[key]})
		}
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, v))
	}
	b.WriteString("</" + name + ">")
}
