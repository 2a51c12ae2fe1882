//go:build unix

package main

// notOnConflict takes the insert's own eyes away.
var notOnConflict = edit{"consumer/postgres/columns.go", `" ON CONFLICT (source, id) DO NOTHING RETURNING`, `" RETURNING`}

// storeMutations are about what makes a row of an event, once.
func storeMutations() []mutation {
	return append(rowMutations(), []mutation{
		{
			name: "idempotent-insert", what: "the insert minds what is there already", short: true,
			edits: []edit{notOnConflict},
			claims: []claim{
				{"consumer/duplicates-across-batches", "doubled"},
				{"consumer/duplicates-at-once", "doubled"},
				{"consumer/killed-after-commit", "doubled"},
				{"consumer/killed-in-the-insert", "doubled"},
				{"consumer/killed-at-random", "doubled"},
				{"consumer/frozen", "doubled"},
				{"storm/consumer", "doubled"},
				{"consumer/killed-before-acknowledge", "doubled"},
				{"database/dropped-after-commit", "doubled"},
				{"database/shut-down-after-commit", "doubled"},
				{"database/fails-after-commit", "doubled"},
				{"topic/unanswered", "doubled"},
				{"topic/unanswered-at-times", "doubled"},
			},
		},
		{
			name: "dedupe-in-a-batch", what: "neither the batch nor the insert minds a key that is there twice",
			edits: []edit{
				notOnConflict,
				{"consumer/batch.go", "n > 0 && compareKeys(first[n-1], r) == 0 {", "n > 0 && compareKeys(first[n-1], r) == 2 {"},
			},
			claims: []claim{{"consumer/duplicates-in-a-batch", "doubled"}},
		},
		{
			name: "key-order", what: "rows are written in the order in which messages came",
			edits:  []edit{{"consumer/order.go", "keyedRecord{r.key(alike), r}", "keyedRecord{0*r.key(alike) + uint64(i), r}"}},
			claims: []claim{{"consumer/duplicates-at-once", "deadlock"}},
		},
		{
			name: "commit-is-awaited", what: "the insert takes the rows' answers for the commit's",
			edits: []edit{
				{"consumer/postgres/sink.go", "\tif closeErr := p.Close(); err == nil {\n\t\terr = closeErr\n\t}\n", "\t_ = p.Close()\n"},
				{"consumer/postgres/reader.go", "\tfor {\n\t\tresult, err := p.GetResults()\n", "\tfor len(r.unread) > 0 {\n\t\tresult, err := p.GetResults()\n"},
				{"consumer/postgres/reader.go", "more to come\n\t\t\treturn nil\n\t\t}\n\t}\n}\n", "more to come\n\t\t\treturn nil\n\t\t}\n\t}\n\treturn nil\n}\n"},
			},
			claims: []claim{{"database/dropped-mid-batch", "lost"}, {"database/dropped-mid-large-batch", "lost"}},
		},
		{
			name: "what-passes-is-no-poison", what: "a statement that the server gave up is taken for poison",
			edits: []edit{{"consumer/postgres/error.go", "\tcase \"22\", // data exception\n", "\tcase \"22\", \"25\", \"40\", \"53\",\n"}},
			claims: []claim{
				{"database/serialisation-repeated", "belongs in the table"},
				{"database/disk-full", "belongs in the table"},
				{"database/read-only", "belongs in the table"},
			},
		},
		{
			name: "only-statements-are-refused", what: "what the server says as it ends a connection, or refuses one, is taken for poison",
			edits: []edit{
				{"consumer/postgres/error.go", "\tcase \"22\", // data exception\n", "\tcase \"22\", \"53\", \"57\",\n"},
				{"consumer/postgres/error.go", `pgErr == nil || pgErr.SeverityUnlocalized != "ERROR"`, "pgErr == nil"},
				{"consumer/postgres/error.go", "return poison(e.code) && !errors.As(e.err, &connecting)", "return poison(e.code) || false && errors.As(e.err, &connecting)"},
			},
			claims: []claim{
				{"database/shut-down-mid-batch", "belongs in the table"},
				{"database/full", "belongs in the table"},
			},
		},
		{
			name: "hung-connection-leaves-pool", what: "the pool waits until a connection that hangs is cleared up",
			edits:  []edit{{"consumer/postgres/sink.go", "if conn.Conn().IsClosed() {", "if false && conn.Conn().IsClosed() {"}},
			claims: []claim{{"database/hangs", "were struck"}},
		},
		{
			name: "reader-is-closed", what: "a connection to what is a reader now is kept",
			edits:  []edit{{"consumer/postgres/open.go", "err.Code != codeReadOnly && onError", "onError"}},
			claims: []claim{{"database/read-only", "was kept"}},
		},
		{
			name: "secret-is-read-again", what: "a password that was refused is kept until it is old",
			edits:  []edit{{"consumer/postgres/credentials.go", "\ts.read = time.Time{}\n", ""}},
			claims: []claim{{"database/password-rotated", "the new password was read"}},
		},
	}...)
}
