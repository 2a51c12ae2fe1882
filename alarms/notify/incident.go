package notify

// incident is what is known of the latest incident of an alarm and of the one
// before. Times are in milliseconds since 1970; they are CloudWatch's, of the
// changes of the alarm, so that it does not matter in which order messages
// arrive: neither SNS nor Lambda's retries keep it.
type incident struct {
	Since int64 `json:"since"`          // names the incident
	Last  int64 `json:"last"`           // when the alarm last went on, there may have been no OK between
	Over  int64 `json:"over,omitempty"` // 0 while the alarm is on

	PrevSince int64 `json:"prev_since,omitempty"`
	PrevOver  int64 `json:"prev_over,omitempty"`

	version int64 // of the item in the table
}

// on reports whether the alarm is on, as far as is known.
func (i incident) on() bool { return i.Since != 0 && i.Over == 0 }

// over returns when an incident ended, or 0.
func (i incident) over(since int64) int64 {
	switch since {
	case i.Since:
		return i.Over
	case i.PrevSince:
		return i.PrevOver
	}
	return 0
}

// firing takes note that the alarm went on, and returns the incident that this
// belongs to.
func (i *incident) firing(at int64) (since int64) {
	switch {
	case i.Since == 0:
		i.Since, i.Last = at, at
	case at <= i.PrevOver:
		return i.PrevSince
	case i.Over == 0:
		i.Last = max(i.Last, at)
	case at > i.Over:
		i.next(at)
	}
	return i.Since
}

// ended takes note that the alarm went off, and returns the incident that this
// ends: 0 if the alarm went on again after that, as far as is known.
func (i *incident) ended(at int64) (since int64) {
	switch {
	case i.Since == 0:
		i.next(at)
		i.Over = at // its beginning may be yet to arrive
	case at <= i.PrevOver:
		return i.PrevSince
	case i.Over == 0 && at < i.Last:
		return 0
	case i.Over == 0:
		i.Over = at
	case at > i.Over:
		i.next(at)
		i.Over = at
	}
	return i.Since
}

func (i *incident) next(since int64) {
	i.PrevSince, i.PrevOver = i.Since, i.Over
	i.Since, i.Last, i.Over = since, since, 0
}
