package awssdk

import (
	"slices"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The services of whose calls more is told than the operation, by the names
// that the SDK has for them.
const (
	serviceDynamoDB = "DynamoDB"
	serviceS3       = "S3"
)

// knowResource knows the tables or the bucket that a call is about ("DynamoDB
// client operations", "AWS S3"). There may be one for every customer: they are
// for the call's span alone, neither remembered nor in its metrics. The key of
// an object may be a person's name, and is for nobody.
func (c *call) knowResource(op *operation, input record) {
	switch op.service {
	case serviceDynamoDB:
		if tables := tablesOf(input); len(tables) > 0 {
			c.know(otelsemconv.AWSDynamoDBTableNames(tables...))
		}
	case serviceS3:
		if bucket := stringOf(text(input, "Bucket")); bucket != "" {
			c.know(otelsemconv.AWSS3Bucket(bucket))
		}
	}
}

// tablesOf returns the tables that an input of DynamoDB names, each once.
func tablesOf(input record) []string {
	if table := text(input, "TableName"); table != nil {
		return []string{*table}
	}
	var tables []string
	for table := range input.elements("RequestItems") { // of a batch, by table
		tables = append(tables, table.String())
	}
	for _, item := range input.elements("TransactItems") {
		for action := range recordOf(item.Addr().Interface()).parts() {
			if table := text(action, "TableName"); table != nil {
				tables = append(tables, *table)
			}
		}
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}
