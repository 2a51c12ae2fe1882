package setting_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/setting"
)

type settings struct {
	on    bool
	wait  time.Duration
	level slog.Level
}

var variables = []setting.Variable[settings]{
	{Name: "ON", Help: "whether it is on", Set: func(s *settings, v string) (err error) {
		s.on, err = setting.Bool(v)
		return err
	}},
	{Name: "WAIT", Fallback: "5s", Help: "how long to wait", Set: func(s *settings, v string) (err error) {
		s.wait, err = setting.Duration(v, "7s")
		return err
	}},
	setting.LogLevel(func(s *settings, level slog.Level) { s.level = level }),
}

func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func TestRead_Good_FillsIn(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want settings
	}{
		"nothing":    {nil, settings{wait: 5 * time.Second}},
		"everything": {map[string]string{"ON": "true", "WAIT": "1m", "LOG_LEVEL": "warn"}, settings{true, time.Minute, slog.LevelWarn}},
	} {
		t.Run(name, func(t *testing.T) {
			var got settings
			if err := setting.Read(&got, variables, from(test.env)); err != nil || got != test.want {
				t.Errorf("read %+v, %v, want %+v", got, err, test.want)
			}
		})
	}
}

func TestRead_Bad_NamesAll(t *testing.T) {
	err := setting.Read(new(settings), variables, from(map[string]string{"ON": "maybe", "WAIT": "0s", "LOG_LEVEL": "loud"}))
	want := `ON="maybe": want true or false
WAIT="0s": want a duration of more than 0, such as 7s
LOG_LEVEL="loud": want debug, info, warn or error`
	if err == nil || err.Error() != want {
		t.Errorf("error is\n%v\nwant\n%s", err, want)
	}
}

func TestList_Variables_AreInColumns(t *testing.T) {
	var b strings.Builder
	setting.List(&b, variables)
	want := "  ON        whether it is on\n  WAIT      how long to wait; defaults to 5s\n  LOG_LEVEL lowest level of log lines; defaults to info\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
