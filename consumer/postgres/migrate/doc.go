// Package migrate brings a database to the schema that package postgres
// writes to.
//
// Start from [Up], which a deployment calls before the new consumer goes out.
// The migrations are the files in sql, in order; a released one never changes.
// There is no way down: a mistake is corrected by another migration, and every
// migration leaves the table usable for the consumer that runs at the time.
//
// The user who migrates owns the table. The consumer's user needs much less,
// and should have no more:
//
//	GRANT USAGE ON SCHEMA public TO consumer;
//	GRANT INSERT, SELECT (source, id) ON events TO consumer;
//	GRANT rds_iam TO consumer; -- with IAM authentication
//
// The package is apart from package postgres so that the consumer does not
// link what only a deployment needs.
package migrate
