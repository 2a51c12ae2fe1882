//go:build unix

package lambda

import (
	"encoding/json"
	"net/http"
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
	select {
	case <-s.ready: // "during the Extension init phase"
		refuse(w, http.StatusForbidden, "Extension.RegistrationClosed", "the init phase is over")
		return
	default:
	}
	id := newRequestID()
	s.extensions[id] = struct{}{}
	w.Header().Set(headerExtensionID, id)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{ // the process has gone: nothing to tell it
		"functionName": s.f.c.Name, "functionVersion": version, "handler": "bootstrap",
	})
}

// nextExtensionEvent never answers: there is no event to register for.
func (s *sandbox) nextExtensionEvent(w http.ResponseWriter, q *http.Request) {
	s.mu.Lock()
	_, known := s.extensions[q.Header.Get(headerExtensionID)]
	s.mu.Unlock()
	if !known {
		refuse(w, http.StatusForbidden, "Extension.UnknownExtensionIdentifier", "register first")
		return
	}
	<-q.Context().Done()
}
