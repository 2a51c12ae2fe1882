package alarms

// ParseRule is what Check reads the text of a rule with.
var ParseRule = parseRule
