package deploytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// AWS answers calls with what is in files NN-Operation.json, by operation in the
// order of their numbers; the last one answers all further calls. The files hold
// the bodies that the service sends. One that has "$status" is a refusal, whose
// code is "__type".
type AWS struct {
	URL string

	mu       sync.Mutex
	answers  map[string][][]byte
	asked    map[string]int
	calls    []string
	problems []string
}

var answerFile = regexp.MustCompile(`^(\d\d)-([A-Za-z]+)\.json$`)

// Replay starts with the answers in the directories. What the first one has for
// an operation is all that counts for it.
func Replay(tb testing.TB, dirs ...string) *AWS {
	tb.Helper()
	a := &AWS{answers: map[string][][]byte{}, asked: map[string]int{}}
	for _, dir := range dirs {
		here, err := read(dir)
		if err != nil {
			tb.Fatal(err)
		}
		for operation, answers := range here {
			if _, ok := a.answers[operation]; !ok {
				a.answers[operation] = answers
			}
		}
	}
	server := httptest.NewServer(a)
	tb.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func read(dir string) (map[string][][]byte, error) {
	entries, err := os.ReadDir(dir) // in order
	if err != nil {
		return nil, err
	}
	answers := map[string][][]byte{}
	for _, e := range entries {
		m := answerFile.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		if !json.Valid(b) {
			return nil, fmt.Errorf("%s is no JSON", filepath.Join(dir, e.Name()))
		}
		answers[m[2]] = append(answers[m[2]], b)
	}
	return answers, nil
}

// Calls are the calls that were made, each with its request: once, in the order in
// which they were first made, and how often.
func (a *AWS) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var lines []string
	for _, c := range a.calls {
		if slices.Contains(lines, c) {
			continue
		}
		lines = append(lines, c)
	}
	for i, line := range lines {
		n := 0
		for _, c := range a.calls {
			if c == line {
				n++
			}
		}
		if n > 1 {
			lines[i] += fmt.Sprintf(" (%d times)", n)
		}
	}
	return lines
}

// Problems are calls that could not be answered.
func (a *AWS) Problems() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.problems)
}

// ServeHTTP answers a call.
func (a *AWS) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	p, operation := protocolOf(q)
	request, err := p.request(q)
	if err != nil {
		request = []byte(err.Error())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, operation+" "+string(request))
	answers := a.answers[operation]
	if len(answers) == 0 || err != nil {
		a.problems = append(a.problems, fmt.Sprintf("%s %s: no answer to %s %s", q.Method, q.URL.Path, operation, request))
		w.WriteHeader(http.StatusNotImplemented)
		return
	}
	n := min(a.asked[operation], len(answers)-1)
	a.asked[operation]++
	if err := p.answer(w, answers[n]); err != nil {
		a.problems = append(a.problems, fmt.Sprintf("answer %d to %s: %v", n+1, operation, err))
	}
}

// protocol is how a service is spoken to.
type protocol struct {
	encode func(body map[string]any) ([]byte, error)
	decode func([]byte) (any, error)
	header map[string]string
}

var lambdaAlias = regexp.MustCompile(`^/2015-03-31/functions/([^/]+)/aliases/([^/]+)$`)

// protocolOf knows the services by how the SDK calls them: CloudWatch by RPC v2
// CBOR, ECS and CodeDeploy by AWS JSON 1.1, Lambda by REST.
func protocolOf(q *http.Request) (p protocol, operation string) {
	plain := protocol{
		encode: func(body map[string]any) ([]byte, error) { return json.Marshal(body) },
		decode: func(b []byte) (any, error) {
			var v any
			err := json.Unmarshal(b, &v)
			return v, err
		},
		header: map[string]string{"Content-Type": "application/x-amz-json-1.1"},
	}
	if name, ok := strings.CutPrefix(q.URL.Path, "/service/GraniteServiceVersion20100801/operation/"); ok {
		return protocol{encodeCBOR, decodeCBOR, map[string]string{"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor"}}, name
	}
	if _, name, ok := strings.Cut(q.Header.Get("X-Amz-Target"), "."); ok {
		return plain, name
	}
	if m := lambdaAlias.FindStringSubmatch(q.URL.Path); m != nil && q.Method == http.MethodGet {
		plain.header["Content-Type"] = "application/json"
		plain.decode = func([]byte) (any, error) { return map[string]any{"FunctionName": m[1], "Name": m[2]}, nil }
		return plain, "GetAlias"
	}
	return plain, "unknown"
}

// request is what was asked, as JSON.
func (p protocol) request(q *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(q.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	v, err := p.decode(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

func (p protocol) answer(w http.ResponseWriter, file []byte) error {
	d := json.NewDecoder(bytes.NewReader(file))
	d.UseNumber()
	var body map[string]any
	if err := d.Decode(&body); err != nil {
		return err
	}
	for name, value := range p.header {
		w.Header().Set(name, value)
	}
	status := http.StatusOK
	if n, ok := body["$status"].(json.Number); ok {
		code, err := n.Int64()
		if err != nil {
			return err
		}
		status = int(code)
		delete(body, "$status")
		kind, ok := body["__type"].(string)
		if !ok {
			return errors.New("a refusal has no __type")
		}
		w.Header().Set("X-Amzn-Errortype", kind)
	}
	b, err := p.encode(body)
	if err != nil {
		return err
	}
	w.WriteHeader(status)
	_, err = w.Write(b)
	return err
}
