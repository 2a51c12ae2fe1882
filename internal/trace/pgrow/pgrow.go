// Package pgrow makes rows of internal/trace out of what pgx reads. It stands
// on internal/trace and pgx.
package pgrow

import (
	"encoding/json"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/trace"
)

const jsonbOID = 3802

// Row keeps the columns in their order and JSON as it is written. It is for
// pgx.CollectRows.
func Row(rows pgx.CollectableRow) (trace.Row, error) {
	values, err := rows.Values()
	if err != nil {
		return nil, err
	}
	raw := rows.RawValues()
	row := make(trace.Row, len(values))
	for i, field := range rows.FieldDescriptions() {
		row[i] = trace.Column{Name: field.Name, Value: values[i]}
		switch {
		case raw[i] == nil:
			row[i].Value = nil
		case field.DataTypeOID == jsonbOID && field.Format == pgx.BinaryFormatCode:
			row[i].Value = json.RawMessage(append([]byte(nil), raw[i][1:]...)) // behind the version
		case field.DataTypeOID == jsonbOID:
			row[i].Value = json.RawMessage(append([]byte(nil), raw[i]...))
		}
	}
	return row, nil
}
