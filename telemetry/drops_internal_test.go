package telemetry

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// dropLog is a log in memory.
type dropLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *dropLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// take returns the lines since the last call as "signal reason items".
func (l *dropLog) take(t *testing.T) (all []string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range strings.Lines(l.text.String()) {
		var line struct {
			Signal, Reason string
			Items          json.Number
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		all = append(all, line.Signal+" "+line.Reason+" "+line.Items.String())
	}
	l.text.Reset()
	return all
}

func TestDrops_ADayOfThem_OneLineAMinuteForEachKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log dropLog
		d := &drops{logger: slog.New(slog.NewJSONHandler(&log, nil))}
		d.add(SignalTraces, 3, "queue_full")
		synctest.Wait()
		if diff := cmp.Diff([]string{"traces queue_full 3"}, log.take(t)); diff != "" {
			t.Errorf("at once (-want +got):\n%s", diff)
		}
		for range 59 {
			time.Sleep(time.Second)
			d.add(SignalTraces, 2, "queue_full")
		}
		d.tell() // nothing is due
		d.add(SignalLogs, 1, "timeout")
		synctest.Wait()
		if diff := cmp.Diff([]string{"logs timeout 1"}, log.take(t)); diff != "" {
			t.Errorf("within the minute (-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"traces queue_full 118"}, log.take(t)); diff != "" {
			t.Errorf("after the minute (-want +got):\n%s", diff)
		}
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if quiet := log.take(t); quiet != nil {
			t.Errorf("%v, although nothing was dropped", quiet)
		}
		d.add(SignalTraces, 1, "queue_full")
		synctest.Wait()
		d.add(SignalTraces, 4, "queue_full")
		d.close()
		d.tell() // a flush afterwards
		d.add(SignalTraces, 5, "shutdown")
		time.Sleep(time.Hour)
		if diff := cmp.Diff([]string{"traces queue_full 1", "traces queue_full 4"}, log.take(t)); diff != "" {
			t.Errorf("until the end (-want +got):\n%s", diff)
		}
		if got := d.counts[drop{SignalTraces, "shutdown"}].total; got != 5 {
			t.Errorf("%d counted after the end, want 5", got)
		}
	})
}

// A process that was frozen finds out late that a line is due.
func TestDrops_TellAfterTheMinute_OneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log dropLog
		d := &drops{logger: slog.New(slog.NewJSONHandler(&log, nil))}
		d.add(SignalTraces, 1, "timeout")
		d.tell()
		synctest.Wait()
		d.add(SignalTraces, 1, "timeout")
		time.Sleep(dropInterval)
		d.tell()
		synctest.Wait()
		if diff := cmp.Diff([]string{"traces timeout 1", "traces timeout 1"}, log.take(t)); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}
