package event

// ParseRequest is ParseHTTP without binary mode.
var ParseRequest = parseRequest
