package probe

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What Grafana counts with where a dashboard says nothing.
const (
	// dataPoints is how many points a panel of about half the screen asks for:
	// one for each pixel.
	dataPoints = 700

	// safePoints is the most that one series may have. (Prometheus,
	// web/api/v1/api.go: "exceeded maximum resolution of 11,000 points".)
	safePoints = 11_000

	// sqlInterval is the least interval of a SQL data source. (Grafana,
	// packages/grafana-sql, SqlDatasource: timeInterval.)
	sqlInterval = time.Minute
)

// span is the time that a query is about, with the intervals that follow.
type span struct {
	from, to time.Time
	interval time.Duration // $__interval, and the step
	rate     time.Duration // $__rate_interval
}

func (s span) length() time.Duration { return s.to.Sub(s.from) }

// intervals are what a dashboard says about the distance of points.
type intervals struct {
	points int           // of the panel; 0 for the default
	panel  time.Duration // the panel's least interval; 0 for the data source's
	query  time.Duration // the query's own least step; 0 for none
}

// promSpan computes the step and the rate interval as Grafana does.
// (pkg/promlib/models/query.go: calculatePrometheusInterval,
// calculateRateInterval.)
func (c *Config) promSpan(from, to time.Time, i intervals) span {
	s := span{from: from, to: to}
	shown := chooseInterval(s.length(), i.points, i.panel, c.ScrapeInterval)
	scrape := c.ScrapeInterval
	s.interval = shown
	if i.query > 0 {
		s.interval, scrape = chooseInterval(s.length(), i.points, i.query, 0), i.query
	}
	if c.Step > 0 {
		shown = max(c.Step, i.panel)
		s.interval = max(shown, i.query)
	}
	least := roundInterval(s.length() / safePoints)
	s.interval = max(s.interval, least)
	s.rate = max(max(shown, least)+scrape, 4*scrape)
	return s
}

func (c *Config) sqlSpan(from, to time.Time, i intervals) span {
	s := span{from: from, to: to}
	s.interval = chooseInterval(s.length(), i.points, i.panel, sqlInterval)
	if c.Step > 0 {
		s.interval = max(c.Step, i.panel)
	}
	s.rate = s.interval
	return s
}

// chooseInterval is the range by the number of points, and no less than the
// minimum, which is the data source's unless the dashboard has one.
func chooseInterval(length time.Duration, points int, minimum, source time.Duration) time.Duration {
	if points <= 0 {
		points = dataPoints
	}
	if minimum == 0 {
		minimum = source
	}
	if interval := length / time.Duration(points); interval >= minimum {
		return roundInterval(interval)
	}
	return minimum
}

// rounded are intervals that people read, each with what is rounded to it.
// (grafana-plugin-sdk-go, backend/gtime: RoundInterval.)
var rounded = []struct{ below, to time.Duration }{
	{10 * time.Millisecond, time.Millisecond},
	{15 * time.Millisecond, 10 * time.Millisecond},
	{35 * time.Millisecond, 20 * time.Millisecond},
	{75 * time.Millisecond, 50 * time.Millisecond},
	{150 * time.Millisecond, 100 * time.Millisecond},
	{350 * time.Millisecond, 200 * time.Millisecond},
	{750 * time.Millisecond, 500 * time.Millisecond},
	{1500 * time.Millisecond, time.Second},
	{3500 * time.Millisecond, 2 * time.Second},
	{7500 * time.Millisecond, 5 * time.Second},
	{12500 * time.Millisecond, 10 * time.Second},
	{17500 * time.Millisecond, 15 * time.Second},
	{25 * time.Second, 20 * time.Second},
	{45 * time.Second, 30 * time.Second},
	{90 * time.Second, time.Minute},
	{210 * time.Second, 2 * time.Minute},
	{450 * time.Second, 5 * time.Minute},
	{750 * time.Second, 10 * time.Minute},
	{1050 * time.Second, 15 * time.Minute},
	{25 * time.Minute, 20 * time.Minute},
	{45 * time.Minute, 30 * time.Minute},
	{90 * time.Minute, time.Hour},
	{150 * time.Minute, 2 * time.Hour},
	{270 * time.Minute, 3 * time.Hour},
	{9 * time.Hour, 6 * time.Hour},
	{day, 12 * time.Hour},
	{week, day},
	{3 * week, week},
	{6 * week, 30 * day},
}

const (
	day  = 24 * time.Hour
	week = 7 * day
	year = 365 * day
)

func roundInterval(d time.Duration) time.Duration {
	for _, r := range rounded {
		if d < r.below {
			return r.to
		}
	}
	return year
}

// formatInterval writes an interval as Grafana does, in its largest unit.
func formatInterval(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		unit string
	}{{year, "y"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if d >= u.size {
			return strconv.FormatInt(int64(d/u.size), 10) + u.unit
		}
	}
	return "1ms"
}

// units are those of Grafana's intervals. (backend/gtime: ParseInterval.)
var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": day, "w": week, "M": 30 * day, "y": year, "Y": year,
}

// maxInterval is more than anybody asks for, and small enough to compute with.
const maxInterval = 100 * year

// parseInterval reads 5m or 30d, and >10s, as it stands in old dashboards.
func parseInterval(text string) (time.Duration, error) {
	trimmed := strings.TrimLeft(strings.TrimSpace(text), "<>")
	digits := strings.TrimRight(trimmed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := units[trimmed[len(digits):]]
	if digits == trimmed {
		unit, ok = time.Second, true
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !ok || !(n > 0 && n <= float64(maxInterval/unit)) {
		return 0, fmt.Errorf("%.40q is no interval: want one such as 30s, 5m or 1d", text)
	}
	return time.Duration(n * float64(unit)), nil
}
