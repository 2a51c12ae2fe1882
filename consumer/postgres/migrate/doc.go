// Package migrate brings a database to the schema that package postgres
// writes to.
//
// Start from [Up]. It is apart from package postgres so that the consumer does
// not link what only a deployment needs.
package migrate
