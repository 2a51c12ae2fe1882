// Package migrate brings a database to the schema that package postgres
// writes to.
//
// Start from [Run], or from [Up] for no more than the newest schema. A deployment
// calls it before the new consumer goes out. The migrations are the files in sql, in
// order; a released one never changes. There is no way down: a mistake is
// corrected by another migration, and every migration leaves the table usable
// for the consumer that runs at the time.
//
// All that waits has a limit: for other migrations, for a lock that somebody
// holds, and, where the context has a deadline, for a statement to end. The
// error names who is in the way. A migration that may wait longer, such as one
// with CREATE INDEX CONCURRENTLY, says so itself: SET lock_timeout = 0.
//
// The user who migrates owns the table. The consumer's user needs much less,
// and should have no more. [Config.GrantRole] gives it just that:
//
//	CREATE ROLE consumer LOGIN; -- unless it is there
//	GRANT USAGE ON SCHEMA public TO consumer;
//	GRANT INSERT, SELECT (source, id) ON events TO consumer;
//	GRANT rds_iam TO consumer; -- where there is such a role: Aurora and RDS
//
// The package is apart from package postgres so that the consumer does not
// link what only a deployment needs.
//
// Of this module it imports nothing.
package migrate
