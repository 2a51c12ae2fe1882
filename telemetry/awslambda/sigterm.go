package awslambda

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// registration is the process's own, as its sandbox is.
var registration struct {
	once sync.Once
	extension
	err error
}

// Register asks Lambda to send SIGTERM before it shuts the sandbox down. It
// does not wait for the answer, but [Start] does: called first in main, it has
// Lambda answer while the handler is made. Start calls it where it was not
// called and there is something to do at the end. Only the first call counts,
// and none outside of Lambda. A program that calls it must call Start, too:
// Lambda's Init phase lasts until what was registered says that it is ready.
func Register() {
	registration.once.Do(func() {
		if api := os.Getenv("AWS_LAMBDA_RUNTIME_API"); api != "" { //nolint:forbidigo // Lambda's own, which aws-lambda-go reads as well
			registration.err = registration.ask(api)
		}
	})
}

// registered waits for the answer to Register, if it was called, and says that
// the extension is ready. The answer must be there before the function asks for
// its first invocation: with that the time to register is over.
func registered() error {
	if registration.err != nil || registration.conn == nil {
		return registration.err
	}
	return registration.confirm()
}

// onSIGTERM calls f, once, when the process is told to end.
func onSIGTERM(f func()) {
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	go func() {
		<-told
		f()
	}()
}

// extension is an extension within the process that is interested in no event:
// Lambda sends SIGTERM only where there is one. (AWS Lambda Developer Guide,
// "Lambda Extensions API"; aws-lambda-go's WithEnableSIGTERM makes one, too,
// but does not ask before it has the handler.) It has a connection to itself
// and no need of goroutines, which would run after the handler is made.
type extension struct {
	api  string
	conn net.Conn
}

const (
	extensionName    = "tracehaul-sigterm"
	extensionVersion = "2020-01-01"

	// registerTimeout is far more than Lambda needs, and within the 10 s that
	// its Init phase may take.
	registerTimeout = 5 * time.Second
)

// ask sends the request to be registered.
func (e *extension) ask(api string) error {
	conn, err := (&net.Dialer{Timeout: registerTimeout}).DialContext(context.Background(), "tcp", api)
	if err != nil {
		return err
	}
	_ = conn.SetDeadline(time.Now().Add(registerTimeout))
	e.api, e.conn = api, conn
	return e.send(http.MethodPost, "register", "Lambda-Extension-Name", extensionName, strings.NewReader(`{"events":[]}`))
}

// confirm reads the answer and says that the extension is ready. To that there
// is no answer, since it wants no event.
func (e *extension) confirm() error {
	response, err := http.ReadResponse(bufio.NewReader(e.conn), nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the Extensions API answered %s", response.Status)
	}
	id := response.Header.Get("Lambda-Extension-Identifier")
	if id == "" {
		return errors.New("the Extensions API gave no identifier")
	}
	_ = e.conn.SetDeadline(time.Time{})
	return e.send(http.MethodGet, "event/next", "Lambda-Extension-Identifier", id, http.NoBody)
}

func (e *extension) send(method, path, header, value string, body io.Reader) error {
	request, err := http.NewRequestWithContext(context.Background(), method, "http://"+e.api+"/"+extensionVersion+"/extension/"+path, body)
	if err != nil {
		return err
	}
	request.Header.Set(header, value)
	return request.Write(e.conn)
}
