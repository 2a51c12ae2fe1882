package messaging

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxSizeBytes is the most that a message, and all messages of a batch
	// together, may take by default. SNS's default is AWS's. Queues made on
	// AWS today default to 1 MiB; here they keep the older 256 KiB, so that
	// what fits here fits topics and queues alike, and both ask for more with
	// MaximumMessageSize (SNS guide, "Publishing large messages"; SQS API,
	// CreateQueue).
	maxSizeBytes = 262_144
	// minSizeLimit and maxSizeLimit bound MaximumMessageSize.
	minSizeLimit, maxSizeLimit = 1_024, 1_048_576

	maxBatchEntries = 10
	// maxAttributes is SQS's (SQS guide, "Message metadata"). SNS itself has
	// no such limit.
	maxAttributes = 10
	// maxNameLength bounds names and types of attributes.
	maxNameLength = 256
)

// checkAttribute holds the rules that SNS and SQS share (SQS guide, "Message
// attribute components"; SNS guide, "Message attribute items and validation").
// It returns what is wrong, or "".
func checkAttribute(a attribute) string {
	if reason := checkAttributeName(a.name); reason != "" {
		return reason
	}
	if len(a.dataType) > maxNameLength {
		return "The message attribute '" + a.name + "' has a type that is longer than 256 bytes."
	}
	switch logicalType(a.dataType) {
	case "String":
		if !validText(a.value) {
			return "The message attribute '" + a.name + "' has a value with characters that are not allowed."
		}
	case "Number":
		if !validNumber(a.value) {
			return "Could not cast message attribute '" + a.name + "' value to number."
		}
	case "Binary":
	default:
		return "The message attribute '" + a.name + "' has an invalid message attribute type, " +
			"the set of supported type prefixes is Binary, Number, and String."
	}
	return ""
}

func checkAttributeName(name string) string {
	switch {
	case name == "":
		return "Message attribute name must not be empty."
	case len(name) > maxNameLength:
		return "Length of message attribute name must be less than 256 bytes."
	case name[0] == '.':
		return "Invalid message attribute name starting with character '.' was found."
	case name[len(name)-1] == '.':
		return "Invalid message attribute name ending with character '.' was found."
	case strings.Contains(name, ".."):
		return "Message attribute name can not have successive '.' character."
	case hasPrefixFold(name, "AWS."), hasPrefixFold(name, "Amazon."):
		return "Message attribute name '" + name + "' starts with a prefix that is reserved: AWS. and Amazon."
	}
	for _, r := range name {
		if !isBatchIDRune(r) && r != '.' {
			return "Invalid non-alphanumeric character '#x" + strings.ToUpper(strconv.FormatInt(int64(r), 16)) +
				"' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots."
		}
	}
	return ""
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// validText reports whether all characters may stand in a message: those that
// XML may hold (SQS API, SendMessage).
func validText(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		i += n
	}
	return true
}

// validNumber reports whether s is a number of up to 38 digits between 10^-128
// and 10^126 (SQS guide, "Message attribute data types").
func validNumber(s string) bool {
	digits, rest := 0, strings.TrimLeft(s, "+-")
	if len(s)-len(rest) > 1 {
		return false
	}
	mantissa, exponent, hasExponent := strings.Cut(strings.ToLower(rest), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	for _, part := range []string{whole, fraction} {
		for _, c := range part {
			if c < '0' || c > '9' {
				return false
			}
			digits++
		}
	}
	if digits == 0 || digits > 38 {
		return false
	}
	if !hasExponent {
		return true
	}
	e, err := strconv.Atoi(exponent)
	return err == nil && e >= -128 && e <= 126
}

// validBatchID holds for the ids of SNS's and SQS's batches alike: up to 80
// letters, digits, hyphens and underscores.
func validBatchID(id string) bool {
	if id == "" || len(id) > 80 {
		return false
	}
	for _, r := range id {
		if !isBatchIDRune(r) {
			return false
		}
	}
	return true
}

func isBatchIDRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_'
}

// validGroupID holds for MessageGroupId, which standard queues use for
// fairness and hand on: 1 to 128 printable ASCII characters, no space (SQS
// API, SendMessage).
func validGroupID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// validTraceHeader reports whether s is a tracing header with a Root, as
// "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
// (X-Ray guide, "Tracing header").
func validTraceHeader(s string) bool {
	if len(s) > 512 {
		return false
	}
	found := false
	for field := range strings.SplitSeq(s, ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok {
			return false
		}
		if key != "Root" {
			continue
		}
		version, rest, _ := strings.Cut(value, "-")
		seconds, unique, _ := strings.Cut(rest, "-")
		if version != "1" || len(seconds) != 8 || len(unique) != 24 || !isHex(seconds) || !isHex(unique) {
			return false
		}
		found = true
	}
	return found
}

func isHex(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
