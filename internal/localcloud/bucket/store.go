package bucket

import (
	"crypto/md5" //nolint:gosec // an ETag is one
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config says what a store keeps.
type Config struct {
	// KeepObjects is how many objects are kept. Defaults to 1000.
	KeepObjects int
}

// Store holds objects. It is safe for concurrent use.
type Store struct {
	keep int

	mu      sync.Mutex
	objects map[name]object
	order   []name // the oldest first
}

type name struct{ bucket, key string }

type object struct {
	content []byte
	etag    string
	put     time.Time
}

// New returns an empty store.
func New(c Config) *Store {
	if c.KeepObjects <= 0 {
		c.KeepObjects = 1000
	}
	return &Store{keep: c.KeepObjects, objects: map[name]object{}}
}

// Put stores an object, which is not copied, in place of one of the same key.
// The bucket need not be made before.
func (s *Store) Put(bucket, key string, content []byte) {
	sum := md5.Sum(content) //nolint:gosec // an ETag is one
	n := name{bucket, key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[n]; !ok {
		s.order = append(s.order, n)
	}
	s.objects[n] = object{content, `"` + hex.EncodeToString(sum[:]) + `"`, time.Now()}
	if len(s.order) > s.keep {
		delete(s.objects, s.order[0])
		s.order = s.order[1:]
	}
}

// ServeHTTP answers GetObject: GET /<bucket>/<key>. ("GetObject", Amazon S3
// API reference.)
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	query.Del("x-id") // how the SDK names the operation
	if r.Method != http.MethodGet || key == "" || len(query) > 0 || r.Header.Get("Range") != "" {
		refuse(w, http.StatusNotImplemented, "NotImplemented", fmt.Sprintf("%s /<bucket>/<key> with %d parameters: GetObject of a whole object is all that there is here", r.Method, len(query)))
		return
	}
	s.mu.Lock()
	o, ok := s.objects[name{bucket, key}]
	s.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("ETag", o.etag)
	w.Header().Set("Last-Modified", o.put.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(o.content)))
	_, _ = w.Write(o.content) // the client may have gone
}

// refuse answers as S3 does ("Error responses").
func refuse(w http.ResponseWriter, status int, code, message string) {
	b, err := xml.Marshal(struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}{Code: code, Message: message})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), b...))
}
