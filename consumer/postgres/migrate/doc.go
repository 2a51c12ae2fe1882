// Package migrate brings a database to the schema that package postgres
// writes to.
//
// Start from [Run]; [Up] does the same without settings, for the newest schema:
//
//	pool, err := pgxpool.New(ctx, url) // as the owner of the table
//	result, err := migrate.Run(ctx, pool, migrate.Config{GrantRole: "consumer"})
//
// A deployment calls it before the new consumer is deployed. The migrations are
// the files in sql, in order; a released one never changes. There are none back:
// a mistake is corrected by another migration, and every migration leaves the
// table usable for the consumer that runs at the time.
//
// Every wait has a limit: for other migrations, for a lock, and, if the context
// has a deadline, for a statement to end. The error names the process that it
// waited for. A migration that may wait longer, such as one with CREATE INDEX
// CONCURRENTLY, says so itself: SET lock_timeout = 0.
//
// The user who migrates owns the table. The consumer's user needs much less,
// and should have no more. [Config.GrantRole] gives it just that:
//
//	CREATE ROLE consumer LOGIN; -- unless it exists
//	GRANT USAGE ON SCHEMA public TO consumer;
//	GRANT INSERT, SELECT (source, id) ON events TO consumer;
//	GRANT rds_iam TO consumer; -- if that role exists, as on Aurora and RDS
//
// The package is separate from package postgres so that the consumer does not
// link what only a deployment needs.
//
// Of this module it imports nothing.
package migrate
