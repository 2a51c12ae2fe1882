package service

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// buffered is what the service holds for requests, in bytes.
func (b *bundle) buffered() int {
	b.arriving.mu.Lock()
	defer b.arriving.mu.Unlock()
	return b.arriving.used + int(b.publisher.buffer.used.Load())
}

// A body that keeps all the room there is, and its last byte back, costs nobody
// else anything.
func TestEvents_LargeBodyHoldsItsEndBack_OthersAreTaken(t *testing.T) {
	const size = 100_000
	bubble(t, func(r *running) {
		t := r.t
		c := r.connect(t)
		_, err := fmt.Fprintf(c, "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/cloudevents+json\r\nContent-Length: %d\r\n\r\n%s", size, strings.Repeat(" ", size-1))
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the body has all the room", func() bool { return r.buffered() == size+1 })
		for i := range 3 {
			if status := r.post(t, strconv.Itoa(i)); status != http.StatusAccepted {
				t.Errorf("a small event beside it: status = %d", status)
			}
		}
		if status := r.get(t, "/readyz"); status != http.StatusOK {
			t.Errorf("/readyz: status = %d", status)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer res.Body.Close()
		if p := decode[Problem](t, res.Body); p.Code != codeOverloaded || !res.Close {
			t.Errorf("the large one is answered with %+v and closed: %v", p, res.Close)
		}
		if n, _ := io.Copy(io.Discard, c); n != 0 {
			t.Errorf("%d bytes after the answer", n)
		}
		eventually(t, "nothing is held", func() bool { return r.buffered() == 0 })
	}, func(c *Config) { c.MaxBodyBytes, c.MaxBufferedBytes = size, 2*(size+1) })
}

// A body that does not say how large it will be takes no room from one that
// comes as fast, however little has come of it.
func TestEvents_LengthUnknown_CountsAsTheLargest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 100_000
		b := setup(t, func(c *Config) { c.MaxBodyBytes, c.MaxBufferedBytes = size, 2*(size+1) })
		large, answer := &body{}, &cuttable{}
		b.arriving.enter(large, size, answer)
		b.arriving.hold(large, size+1)
		defer b.arriving.release(large)

		chunked := post(cloudEvent("chunked"))
		chunked.ContentLength = -1
		wantProblem(t, b.do(chunked), http.StatusServiceUnavailable, codeOverloaded)
		if answer.cut {
			t.Error("the large one is cut off")
		}
		if w := b.do(post(cloudEvent("announced"))); w.Code != http.StatusAccepted {
			t.Errorf("as much, announced: status = %d", w.Code)
		}
	})
}

// cuttable is an answer whose request can be cut off.
type cuttable struct {
	httptest.ResponseRecorder

	cut bool
}

func (c *cuttable) SetReadDeadline(time.Time) error { c.cut = true; return nil }

func TestRoom_OneMoreComes_WhoGivesWay(t *testing.T) {
	type arrival struct {
		age  time.Duration
		held int
		lost string
	}
	const second = time.Second
	for name, tc := range map[string]struct {
		there []arrival
		size  int // announced
		wants int // so far
		taken bool
	}{
		"nobody while there is room":                   {[]arrival{{9 * second, 50, ""}}, -1, 50, true},
		"the largest of those that come as fast":       {[]arrival{{second, 20, ""}, {second, 50, codeOverloaded}, {second, 30, ""}}, 10, 10, true},
		"the slowest of those that are alike":          {[]arrival{{second, 30, ""}, {3 * second, 30, codeSlowBody}, {2 * second, 40, ""}}, -1, 20, true},
		"bytes count as time does":                     {[]arrival{{second, 60, codeOverloaded}, {4 * second, 10, ""}, {second, 30, ""}}, 5, 5, true},
		"as many as it takes":                          {[]arrival{{3 * second, 50, codeSlowBody}, {4 * second, 50, codeSlowBody}}, -1, 70, true},
		"nobody who is alike and comes fast":           {[]arrival{{second, 50, ""}, {second, 50, ""}}, 26, 26, false},
		"nobody who comes fast, for what may be large": {[]arrival{{second, 60, ""}, {second, 40, ""}}, -1, 4, false},
		"nobody where it were too little":              {[]arrival{{3 * second, 30, ""}, {second, 35, ""}, {second, 35, ""}}, 50, 50, false},
		"nobody beyond what it takes":                  {[]arrival{{4 * second, 50, codeSlowBody}, {3 * second, 50, ""}}, 50, 50, true},
		"nobody who is alike in the end":               {[]arrival{{second, 50, ""}, {second, 50, ""}}, 50, 4, false},
		"whoever holds twice what is announced":        {[]arrival{{second, 60, codeOverloaded}, {second, 40, ""}}, 25, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, now := &room{limit: 100, largest: 100}, time.Now()
				there, answers := make([]*body, len(tc.there)), make([]*cuttable, len(tc.there))
				for i, a := range tc.there {
					there[i], answers[i] = &body{}, &cuttable{}
					r.enter(there[i], -1, answers[i])
					r.hold(there[i], a.held)
					there[i].since = now.Add(-a.age)
				}
				one := &body{}
				r.enter(one, int64(tc.size), &cuttable{})
				if taken := r.hold(one, tc.wants); taken != tc.taken || r.used > r.limit {
					t.Errorf("taken: %v, want %v; %d bytes of %d are held", taken, tc.taken, r.used, r.limit)
				}
				for i, a := range tc.there {
					if lost := r.leave(there[i]); lost != a.lost || answers[i].cut != (a.lost != "") {
						t.Errorf("body %d: lost its room: %q, want %q; cut off: %v", i, lost, a.lost, answers[i].cut)
					}
					r.release(there[i])
				}
				r.release(one)
				if r.used != 0 || r.last != nil {
					t.Errorf("%d bytes are held and %v is there when all are gone", r.used, r.last)
				}
			})
		})
	}
}

// A body that grows where there is no room makes others give way, and not itself,
// however slow it is.
func TestRoom_SlowBodyGrows_KeepsWhatItHas(t *testing.T) {
	for name, tc := range map[string]struct {
		age   time.Duration // of the other one
		taken bool
		lost  string // by the other one
	}{
		"beside a fast one": {0, false, ""},
		"beside a slow one": {patience, true, codeSlowBody},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, other, grows, answer := &room{limit: 100}, &body{}, &body{}, &cuttable{}
				r.enter(grows, 60, answer)
				r.hold(grows, 50)
				time.Sleep(2*patience - tc.age)
				r.enter(other, 50, &cuttable{})
				r.hold(other, 50)
				time.Sleep(tc.age)
				if taken := r.hold(grows, 60); taken != tc.taken || answer.cut || r.used > r.limit {
					t.Errorf("taken: %v, want %v; cut off: %v; %d bytes of %d are held", taken, tc.taken, answer.cut, r.used, r.limit)
				}
				if lost := r.leave(grows); lost != "" {
					t.Errorf("it has lost its room: %q", lost)
				}
				if lost := r.leave(other); lost != tc.lost {
					t.Errorf("the other has lost its room: %q, want %q", lost, tc.lost)
				}
			})
		})
	}
}

// What was a body's that lost its room is another request's without a blemish.
func TestBody_LostItsRoomAndIsUsedAgain_HasRoom(t *testing.T) {
	r, b, small := &room{limit: 100}, &body{bytes: make([]byte, 0, minBody)}, &body{}
	r.enter(b, 100, &cuttable{})
	r.hold(b, 100)
	r.enter(small, 1, &cuttable{})
	if !r.hold(small, 1) || r.leave(b) != codeOverloaded {
		t.Fatal("the large body has not lost its room")
	}
	b.release()
	r.enter(b, 50, &cuttable{})
	defer r.release(b) // it is in the pool already
	if !r.hold(b, 50) {
		t.Error("there is no room for the next request")
	}
	if lost := r.leave(b); lost != "" {
		t.Errorf("the next request has lost its room: %q", lost)
	}
}

// Whoever cannot be cut off keeps its room: it would go on holding the memory.
func TestRoom_ReadingCannotBeEnded_NewcomerIsRefused(t *testing.T) {
	r, large, small := &room{limit: 100}, &body{}, &body{}
	r.enter(large, 100, httptest.NewRecorder())
	r.enter(small, 1, httptest.NewRecorder())
	if !r.hold(large, 100) || r.hold(small, 1) || r.leave(large) != "" || r.used != 100 {
		t.Errorf("%d bytes are held, want the large body's 100", r.used)
	}
}
