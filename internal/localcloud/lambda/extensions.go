//go:build unix

package lambda

import (
	"encoding/json"
	"net/http"
	"time"
)

// Header names of the Extensions API ("Lambda Extensions API").
const (
	headerExtensionName = "Lambda-Extension-Name"
	headerExtensionID   = "Lambda-Extension-Identifier"
)

// registerExtension registers an internal extension, one that runs in the
// function's own process. Any such makes Lambda send SIGTERM before SIGKILL;
// aws-lambda-go's WithEnableSIGTERM registers one for no event to that end.
func (s *sandbox) registerExtension(w http.ResponseWriter, q *http.Request) {
	if q.Header.Get(headerExtensionName) == "" {
		refuse(w, http.StatusBadRequest, "Extension.InvalidExtensionName", headerExtensionName+" is missing")
		return
	}
	var body struct {
		Events []string `json:"events"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, q.Body, maxErrorBody)).Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestFormat", "the body is not {\"events\":[…]}")
		return
	}
	for _, event := range body.Events {
		switch event {
		case "SHUTDOWN": // "Internal extensions … cannot register for the Shutdown event"
			refuse(w, http.StatusBadRequest, "ShutdownEventNotSupportedForInternalExtension", "SHUTDOWN is for external extensions")
			return
		default:
			refuse(w, http.StatusNotImplemented, "NotImplemented", "this local Lambda has no extension event "+event)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked { // "during the Extension init phase"
		refuse(w, http.StatusForbidden, "Extension.RegistrationClosed", "the function has asked for its first invocation")
		return
	}
	id := newRequestID()
	s.extensions[id] = false
	w.Header().Set(headerExtensionID, id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{ // the process has gone: nothing to tell it
		"functionName": s.f.c.Name, "functionVersion": version, "handler": "bootstrap",
	})
}

// nextExtensionEvent never answers: there is no event to register for. To ask
// says that the extension is ready.
func (s *sandbox) nextExtensionEvent(w http.ResponseWriter, q *http.Request) {
	id := q.Header.Get(headerExtensionID)
	s.mu.Lock()
	_, known := s.extensions[id]
	if known {
		s.extensions[id] = true
		s.endInit()
	}
	s.mu.Unlock()
	if !known {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "register first")
		return
	}
	<-q.Context().Done()
}

// endInit ends the init phase if all have said that they are ready: "The Init
// phase ends when the runtime and all extensions signal that they are ready by
// sending a Next API request" ("Understanding the Lambda execution environment
// lifecycle"). It is called with the lock held.
func (s *sandbox) endInit() {
	if s.initTime == 0 && s.asked && s.waitsFor() == 0 {
		s.initTime = time.Since(s.began)
		close(s.initialised)
	}
}

// waitsFor is the number of extensions that have not asked for an event. It is
// called with the lock held.
func (s *sandbox) waitsFor() (n int) {
	for _, asked := range s.extensions {
		if !asked {
			n++
		}
	}
	return n
}
