package deadletter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func TestDrop_Chosen_AreArchivedAndGone(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 12 {
			b.putAside(n, "malformed", "x")
		}
		b.putAside(20, "refused", "23505")
		var archive bytes.Buffer
		var synced, deleted int
		b.fault = func(c messaging.Call, _ int) *messaging.Fault {
			if c.Action == "DeleteMessageBatch" {
				deleted += c.Entries
				if lines := bytes.Count(archive.Bytes(), []byte("\n")); lines < deleted || synced == 0 {
					t.Errorf("%d letters were deleted when %d were archived and %d times synced", deleted, lines, synced)
				}
			}
			return nil
		}
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{
			Filter: deadletter.Filter{Reasons: []string{"malformed"}}, Archive: &archive, Sync: func() error { synced++; return nil },
		})
		if err != nil || r.Deleted != 12 || r.Skipped != 1 || r.Left != 0 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 1)
		seen := map[string]bool{}
		for line := range strings.Lines(archive.String()) {
			var record deadletter.Record
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			seen[*record.Body] = true
			if record.Queue != dlq || record.Attributes["traceparent"].Value == "" || record.Reason != "malformed" || record.Event.Source != "/shop" {
				t.Errorf("a line is %s", line)
			}
		}
		for n := range 12 {
			if !seen[body(n)] {
				t.Errorf("the archive lacks event %d", n)
			}
		}
	})
}

func TestDrop_Incomplete_IsRefused(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "malformed", "x")
		if _, err := b.open().Drop(t.Context(), deadletter.DropConfig{Archive: io.Discard}); !errors.Is(err, deadletter.ErrNoFilter) {
			t.Errorf("got %v", err)
		}
		_, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Limit: -1})
		for _, want := range []string{"Archive is nil", "limit of -1"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		}
		b.wantDepth(dlq, 1)
		if r, err := b.open().Drop(t.Context(), deadletter.DropConfig{Archive: io.Discard, All: true}); err != nil || r.Deleted != 1 {
			t.Errorf("%v, report %+v", err, r)
		}
	})
}

func TestDrop_Progress_IsOfTheLimit(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "malformed", "x")
		}
		var told []deadletter.Progress
		_, err := b.open().Drop(t.Context(), deadletter.DropConfig{
			All: true, Archive: io.Discard, Limit: 12, Progress: func(p deadletter.Progress) { told = append(told, p) },
		})
		if want := []deadletter.Progress{{Done: 10, Total: 12}, {Done: 12, Total: 12}}; err != nil || !slices.Equal(told, want) {
			t.Errorf("%v, progress %v, want %v", err, told, want)
		}
	})
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestDrop_ArchiveFails_NothingIsDeleted(t *testing.T) {
	failing := func() error { return errors.New("no space left on device") }
	for name, c := range map[string]deadletter.DropConfig{
		"write": {All: true, Archive: fullDisk{}},
		"sync":  {All: true, Archive: io.Discard, Sync: failing},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				b.putAside(1, "malformed", "x")
				if r, err := b.open().Drop(t.Context(), c); err == nil || r.Deleted != 0 {
					t.Errorf("%v, report %+v", err, r)
				}
				b.wantDepth(dlq, 1)
			})
		})
	}
}

// What came after somebody looked was not looked at.
func TestDrop_LaterOnes_Stay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "malformed", "x")
		before := time.Now()
		time.Sleep(time.Minute)
		b.putAside(2, "malformed", "x")
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: io.Discard, Before: before})
		if err != nil || r.Deleted != 1 || r.Later != 1 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 1)
	})
}

func TestDrop_NotConfirmed_IsTold(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "malformed", "x")
		b.putAside(2, "malformed", "x")
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0}})
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: io.Discard})
		if err != nil || r.Deleted != 1 || r.Left != 1 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 1)
	})
}

func TestDrop_NothingIsDeleted_EndsAtTheFirstBatch(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "malformed", "x")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{Error: &messaging.Error{Code: "AccessDenied", Message: "no sqs:DeleteMessage", Status: 403}})
		var archive bytes.Buffer
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: &archive})
		if err == nil || !strings.Contains(err.Error(), "none of 10 letters could be deleted") || !strings.Contains(err.Error(), "sqs:DeleteMessage") || r.Left != 10 || r.Deleted != 0 {
			t.Errorf("%v, report %+v", err, r)
		}
		if lines := strings.Count(archive.String(), "\n"); lines != 10 {
			t.Errorf("%d letters were archived, want one batch", lines)
		}
		b.wantDepth(dlq, 30)
	})
}

// A letter that stays counts: a limit is one of the archive, too.
func TestDrop_Limit_CountsWhatIsLeft(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "malformed", "x")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0, 1, 2}})
		var archive bytes.Buffer
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: &archive, Limit: 10})
		if err != nil || r.Deleted != 7 || r.Left != 3 || strings.Count(archive.String(), "\n") != 10 {
			t.Errorf("%v, report %+v", err, r)
		}
	})
}

func TestDrop_MostAreNotDeleted_GivesUp(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 300 {
			b.putAside(n, "malformed", "x")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0, 1, 2, 3, 4}})
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: io.Discard})
		if err == nil || r.Left != 100 || r.Deleted != 100 {
			t.Errorf("%v, report %+v", err, r)
		}
	})
}

func TestDrop_SomeAreHidden_IsTold(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "malformed", "x")
		}
		b.hide(6, time.Minute)
		r, err := b.open().Drop(t.Context(), deadletter.DropConfig{All: true, Archive: io.Discard})
		if err != nil || r.Deleted != 4 || r.Hidden() != 6 {
			t.Errorf("%v, %d hidden, want 6; report %+v", err, r.Hidden(), r)
		}
	})
}
