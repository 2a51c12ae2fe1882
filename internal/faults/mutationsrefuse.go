//go:build unix

package main

// refuseMutations are about what the service lets nobody do.
func refuseMutations() []mutation {
	return []mutation{
		{
			name: "pending-bound", what: "any number of events may wait for SNS",
			edits:  []edit{{"service/config.go", "c.MaxPending = cmp.Or(c.MaxPending, 4096)", "c.MaxPending = 1 << 30"}},
			claims: []claim{{"front/overloaded", "nothing was shed"}},
		},
		{
			name: "bytes-bound", what: "the service holds any number of bytes for requests that wait",
			edits:  []edit{{"service/config.go", "c.MaxBufferedBytes = cmp.Or(c.MaxBufferedBytes, 64<<20)", "c.MaxBufferedBytes = 1 << 40"}},
			claims: []claim{{"front/overloaded-by-size", "nothing was shed"}},
		},
		{
			name: "drains-visibly", what: "nobody is told that the service ends",
			edits:  []edit{{"service/run.go", "\ts.draining.Store(true)\n", ""}},
			claims: []claim{{"front/terminated", "never said that it is not ready (stopping)"}},
		},
		{
			name: "sheds-visibly", what: "nobody is told that the service has too much to do",
			edits:  []edit{{"service/publisher.go", "return time.Since(p.shedAt) < time.Second &&", "return time.Since(p.shedAt) < 0 &&"}},
			claims: []claim{{"front/overloaded", "never said that it is not ready (overloaded)"}},
		},
		{
			name: "load-fails-no-check", what: "the load balancer's health checks fail for load, so that ECS ends who bears it",
			edits:  []edit{{"service/health.go", `slices.Contains(r.URL.Query()["exclude"], codeOverloaded)`, `slices.Contains(r.URL.Query()["exclude"], "?")`}},
			claims: []claim{{"front/overloaded", "a check of /readyz?exclude=overloaded failed: 503 overloaded"}},
		},
		{
			name: "refused-is-not-sent", what: "events are refused for lack of room, and published all the same",
			edits: []edit{
				{
					"service/publisher.go", "\tif err := p.admit(len(s.entries), size, now); err != nil {\n\t\treturn err\n\t}\n",
					"\terr := p.admit(len(s.entries), size, now)\n\tif err != nil && (!errors.Is(err, errOverloaded) || p.pending >= p.maxPending) {\n\t\treturn err\n\t}\n" +
						"\tif err != nil {\n\t\tp.buffer.used.Add(int64(size))\n\t}\n",
				},
				{"service/publisher.go", "\tp.dispatch(now)\n\treturn nil\n}\n\n// full", "\tp.dispatch(now)\n\treturn err\n}\n\n// full"},
			},
			claims: []claim{{"front/overloaded", "was refused (503 overloaded), and what it sent is there"}},
		},
		{
			name: "event-size", what: "an event may be as large as a message",
			edits:  []edit{{"event/limits.go", "cmp.Or(l.MaxEventBytes, maxMessageBytes-attributeRoom)", "cmp.Or(l.MaxEventBytes, maxMessageBytes)"}},
			claims: []claim{{"topic/size-limit", "want 413"}},
		},
		{
			name: "body-limit", what: "a body may have any size",
			edits: []edit{{"service/body.go", "\tlimit := s.cfg.MaxBodyBytes\n", "\tlimit := 1 << 40\n"}},
			claims: []claim{
				{"front/large-announced", "want 413"},
				{"front/large-endless", "want 413"},
			},
		},
		{
			name: "header-limit", what: "headers may have megabytes",
			edits:  []edit{{"service/run.go", "maxHeaderBytes = 64 << 10", "maxHeaderBytes = 8 << 20"}},
			claims: []claim{{"front/header-flood", "service took"}},
		},
		{
			name: "content-encoding", what: "a body that is encoded is read",
			edits:  []edit{{"service/ingest.go", `if encoding == "" || strings`, `if encoding != "?" || strings`}},
			claims: []claim{{"front/gzip-bomb", "want 415"}},
		},
		{
			name: "read-timeout", what: "a request may take for ever to arrive",
			edits: []edit{
				{"service/run.go", "\t\tReadHeaderTimeout: s.cfg.ReadTimeout,\n", ""},
				{"service/run.go", "\t\tReadTimeout:       s.cfg.ReadTimeout,\n", ""},
				{"service/run.go", "\t\tIdleTimeout:    s.cfg.IdleTimeout,\n", ""},
			},
			claims: []claim{
				{"front/slow-headers", "connection ended after"},
				{"front/slow-bodies", "connection ended after"},
				{"front/idle-connections", "connection ended after"},
			},
		},
		{
			name: "large-bodies-give-way", what: "a body that is under way keeps its room, whoever needs some",
			edits:  []edit{{"service/room.go", "missing > 0 && !r.clear(missing, b, n) {", "missing > 0 {"}},
			claims: []claim{{"front/large-slow-bodies", `an answer is 503 "overloaded"`}},
		},
		{
			name: "write-timeout", what: "an answer may take for ever to be read",
			edits:  []edit{{"service/run.go", "\t\tWriteTimeout:   s.cfg.ReadTimeout + s.cfg.RequestTimeout + 5*time.Second,\n", ""}},
			claims: []claim{{"front/answers-unread", "connection ended after"}},
		},
		{
			name: "new-keys-are-fetched", what: "a token of a key that is not known is refused unasked",
			edits:  []edit{{"service/bearer/keys.go", "if !ok && k.client != nil {", "if !ok && k.client == nil {"}},
			claims: []claim{{"front/keys-rotated", "an answer is 401"}},
		},
		{
			name: "old-keys-are-forgotten", what: "a token that was good once stays so when its key is withdrawn",
			edits: []edit{{
				"service/bearer/keys.go", "\tk.current.Store(set)\n\tk.cfg.Logger",
				"\tif old := k.current.Load(); old != nil {\n\t\tset.verified = old.verified\n\t}\n\tk.current.Store(set)\n\tk.cfg.Logger",
			}},
			claims: []claim{{"front/keys-rotated", "the key that was withdrawn"}},
		},
		{
			name: "token-times", what: "no clock may be off, however little",
			edits:  []edit{{"service/bearer/verifier.go", "\t\t\tjwt.WithLeeway(c.Leeway),\n", ""}},
			claims: []claim{{"front/clock-off", "within the leeway"}},
		},
		{
			name: "issued-in-the-future", what: "a token may be from the future",
			edits:  []edit{{"service/bearer/verifier.go", "\t\t\tjwt.WithIssuedAt(),\n", ""}},
			claims: []claim{{"front/clock-off", "an issuer's clock that is an hour ahead"}},
		},
		{
			name: "issuer", what: "a token may be of any issuer",
			edits:  []edit{{"service/bearer/verifier.go", "\t\t\tjwt.WithIssuer(c.Issuer),\n", ""}},
			claims: []claim{{"front/tokens-of-others", "a token of another issuer"}},
		},
		{
			name: "expiry", what: "a token may be good for ever",
			edits: []edit{
				{"service/bearer/verifier.go", "\t\t\tjwt.WithExpirationRequired(),\n", ""},
				{
					"service/bearer/token.go", "if !ok || err != nil || expires == nil {",
					"if expires == nil {\n\t\texpires = jwt.NewNumericDate(time.Now().Add(time.Hour))\n\t}\n\tif !ok || err != nil {",
				},
			},
			claims: []claim{{"front/tokens-of-others", "a token that never expires"}},
		},
		{
			name: "audience", what: "a token may be for any service",
			edits:  []edit{{"service/bearer/token.go", "case !v.isMeantForUs(c):", "case !v.isMeantForUs(c) && c.tokenUse == \"?\":"}},
			claims: []claim{{"front/tokens-of-others", "a token for another service"}},
		},
		{
			name: "access-tokens-only", what: "a token that says who somebody is lets in",
			edits:  []edit{{"service/bearer/token.go", `case c.tokenUse != "" && c.tokenUse != "access":`, `case c.tokenUse == "?":`}},
			claims: []claim{{"front/tokens-of-others", "a token that says who somebody is"}},
		},
		{
			name: "scope", what: "a token without the scope does",
			edits:  []edit{{"service/bearer/token.go", "if !containsAll(c.scopes, v.cfg.Scopes) {", "if !containsAll(c.scopes, v.cfg.Scopes) && c.clientID == \"\" {"}},
			claims: []claim{{"front/tokens-of-others", "a token without the scope"}},
		},
	}
}
