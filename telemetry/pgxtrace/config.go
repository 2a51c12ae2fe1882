package pgxtrace

import (
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Config says how a database is traced. The zero value is a good one.
type Config struct {
	// TracerProvider makes the spans.
	//
	// Defaults to OpenTelemetry's global one.
	TracerProvider trace.TracerProvider

	// MeterProvider makes the instruments.
	//
	// Defaults to OpenTelemetry's global one.
	MeterProvider metric.MeterProvider

	// PoolName is db.client.connection.pool.name of the pool's metrics.
	//
	// Defaults to host:port/database, as the conventions advise.
	PoolName string

	// NoStatement keeps db.query.text off the spans. The text of a query with
	// arguments is the SQL as the program wrote it: the conventions take it for
	// free of data. In a query without, ? stands for each string, number and
	// boolean and a space for each comment; names are shown, also those in
	// quotes. Unless the server says that standard_conforming_strings is on, the
	// text ends at a string with a backslash before a quote. A prepared statement
	// is shown by its name. The text is cut at 4 KiB. Switch it off where values
	// are pasted into SQL that has arguments.
	//
	// Defaults to false.
	NoStatement bool

	// NoConnect makes no spans for connecting to the server.
	//
	// Defaults to false.
	NoConnect bool
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	return c
}
