package event

import "time"

// parseTime reads a date-time of RFC 3339, and nothing but that: time.Parse
// also takes a comma before the fraction and hours of one digit, and refuses
// lower case and leap seconds. A leap second becomes the first second of the
// next minute, as it does in PostgreSQL. (RFC 3339, 5.6 and 5.7.)
func parseTime(s []byte) (time.Time, bool) {
	const shape = "0000-00-00T00:00:00"
	if len(s) < len(shape)+1 {
		return time.Time{}, false
	}
	for i := range len(shape) {
		switch c := s[i]; shape[i] {
		case '0':
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
		case 'T':
			if c|0x20 != 't' {
				return time.Time{}, false
			}
		default:
			if c != shape[i] {
				return time.Time{}, false
			}
		}
	}
	year, month, day := two(s)*100+two(s[2:]), two(s[5:]), two(s[8:])
	hour, minute, second := two(s[11:]), two(s[14:]), two(s[17:])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	nanoseconds, rest, ok := fraction(s[len(shape):])
	if !ok {
		return time.Time{}, false
	}
	location, ok := offset(rest)
	if !ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, min(second, 59), nanoseconds, location)
	if t.Day() != day { // the 31st of a shorter month
		return time.Time{}, false
	}
	if second == 60 {
		if utc := t.UTC(); utc.Hour() != 23 || utc.Minute() != 59 {
			return time.Time{}, false
		}
		t = t.Add(time.Second)
	}
	return t, true
}

// two reads the two digits at the start of s.
func two(s []byte) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// fraction reads ".123", if there is one, and cuts it to nanoseconds.
func fraction(s []byte) (nanoseconds int, rest []byte, ok bool) {
	if s[0] != '.' {
		return 0, s, true
	}
	i, unit := 1, int(time.Second)
	for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		unit /= 10
		nanoseconds += int(s[i]-'0') * unit
	}
	return nanoseconds, s[i:], i > 1
}

// offset reads "Z" or "+01:00".
func offset(s []byte) (*time.Location, bool) {
	if len(s) == 1 && s[0]|0x20 == 'z' {
		return time.UTC, true
	}
	if len(s) != len("+00:00") || s[0] != '+' && s[0] != '-' || s[3] != ':' {
		return nil, false
	}
	for _, i := range [...]int{1, 2, 4, 5} {
		if s[i] < '0' || s[i] > '9' {
			return nil, false
		}
	}
	hours, minutes := two(s[1:]), two(s[4:])
	if hours > 23 || minutes > 59 {
		return nil, false
	}
	seconds := (hours*60 + minutes) * 60
	if s[0] == '-' {
		seconds = -seconds
	}
	if seconds == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", seconds), true
}
