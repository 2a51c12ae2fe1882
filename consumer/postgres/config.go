package postgres

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says how to reach the database: a URL, or host, name and the way to
// authenticate.
type Config struct {
	// URL is a connection URL or keyword/value string, as libpq takes it. If it
	// does not name an sslmode, verify-full is used. Excludes Host.
	//
	// Defaults to none.
	URL string

	// Host and Port are where the database listens.
	//
	// Port defaults to 5432.
	Host string
	Port int

	// Database is the database's name.
	//
	// Defaults to the user's name.
	Database string

	// User is who connects. A secret may name it instead.
	User string

	// Credentials give user and password for every new connection: [IAM] or
	// [Secret].
	//
	// Defaults to none: what the URL holds.
	Credentials Credentials

	// RootCAFile is a PEM file of the authorities that the server's
	// certificate is verified with. Aurora's are in AWS's global-bundle.pem
	// and in no operating system.
	//
	// Defaults to the system's.
	RootCAFile string

	// Plaintext allows to connect without TLS, for a database on the same
	// machine.
	//
	// Defaults to false.
	Plaintext bool

	// ApplicationName tells the connections apart in pg_stat_activity.
	//
	// Defaults to "tracehaul-consumer".
	ApplicationName string

	// MaxConns is how many connections there are at most. A Lambda function
	// works on one batch at a time.
	//
	// Defaults to 2.
	MaxConns int

	// ConnectTimeout bounds the making of a connection.
	//
	// Defaults to 5 s.
	ConnectTimeout time.Duration

	// Instrument is called before the pool is made.
	//
	// Defaults to none.
	Instrument func(*pgxpool.Config)
}

// Credentials give user and password for one new connection.
type Credentials interface {
	// Retrieve returns what to connect with. An empty user leaves the
	// configured one.
	Retrieve(ctx context.Context, host string, port int, user string) (Login, error)
}

// Login is a user and its password. It prints neither.
type Login struct{ User, Password string }

// IAM returns credentials that are made from AWS's: a token for each
// connection, as "IAM database authentication for Amazon RDS" describes.
func IAM(c aws.Config) Credentials { return nil }

// Connect returns a pool without connecting yet: whether the database can be
// reached shows in the first batch.
func Connect(c Config) (*pgxpool.Pool, error) { return nil, nil }
