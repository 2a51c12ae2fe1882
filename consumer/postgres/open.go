package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

const (
	// connLifetime makes room for what only new connections see: a new
	// password, a server's certificate, another node behind the name.
	connLifetime       = 30 * time.Minute
	connLifetimeJitter = 5 * time.Minute

	// pingAfter is for how long a connection is trusted unasked. Within it, a
	// batch costs one round trip; a connection that died all the same is
	// noticed when writing and replaced, see Sink.Write.
	pingAfter   = 15 * time.Second
	pingTimeout = 2 * time.Second

	// cancelTimeout is how long the server is given to stop a statement whose
	// context has ended, before the connection is closed.
	cancelTimeout = 300 * time.Millisecond
)

// Open returns a traced pool. It connects to nothing yet: if the database cannot
// be reached, each batch fails until it can. The caller closes the pool.
func Open(c Config) (*pgxpool.Pool, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	cfg, err := c.pool()
	if err != nil {
		return nil, err
	}
	pgxtrace.Instrument(cfg, c.Trace)
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return pool, nil
}

func (c Config) pool() (*pgxpool.Config, error) {
	dsn := c.URL
	if dsn == "" {
		dsn = c.keywords()
	}
	cfg, err := parseURL(dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres: want %w", err)
	}
	if c.RootCAFile != "" {
		if err := trust(&cfg.ConnConfig.Config, c.RootCAFile); err != nil {
			return nil, err
		}
	}
	if !names(dsn, "pool_max_conns") {
		cfg.MaxConns = int32(c.MaxConns) //nolint:gosec // no pool is that large
	}
	if !names(dsn, "connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = c.ConnectTimeout
	}
	if !names(dsn, "application_name") {
		cfg.ConnConfig.RuntimeParams["application_name"] = c.ApplicationName
	}
	if !names(dsn, "pool_max_conn_lifetime") {
		cfg.MaxConnLifetime = connLifetime
	}
	if !names(dsn, "pool_max_conn_lifetime_jitter") {
		cfg.MaxConnLifetimeJitter = connLifetimeJitter
	}
	if !names(dsn, "pool_ping_timeout") {
		cfg.PingTimeout = pingTimeout
	}
	cfg.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > pingAfter }
	cfg.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: cancelTimeout}
	}
	authenticate(cfg, c.authenticator())
	return cfg, nil
}

// authenticate has every new connection ask for its user and password, and
// reacts to the server's refusals.
func authenticate(cfg *pgxpool.Config, creds authenticator) {
	if creds != nil {
		cfg.BeforeConnect = func(ctx context.Context, conn *pgx.ConnConfig) (err error) {
			user, password, err := creds.retrieve(ctx, conn.Host, conn.Port, conn.User)
			if user != "" {
				conn.User = user
			}
			conn.Password = password
			return err
		}
	}
	onError := cfg.ConnConfig.OnPgError
	cfg.ConnConfig.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if class(err.Code) == classAuthorization && creds != nil {
			creds.refused()
		}
		// After a failover a connection may be one to a reader. It would stay
		// that, so it is closed.
		return err.Code != codeReadOnly && onError(conn, err)
	}
}

// keywords writes the connection string for Host. Its server must prove who it
// is.
func (c Config) keywords() string {
	var b strings.Builder
	for _, kv := range [...]struct{ key, value string }{
		{"host", c.Host},
		{"port", strconv.Itoa(c.Port)},
		{"dbname", c.Name},
		{"user", c.User},
		{"sslmode", "verify-full"},
	} {
		if kv.value != "" {
			fmt.Fprintf(&b, "%s='%s' ", kv.key, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(kv.value))
		}
	}
	return b.String()
}

// parseURL parses a connection URL or string, and has the server verified
// unless the string says otherwise. Its errors say what would be right, and
// repeat nothing of the string: if that is malformed, the password may be
// anywhere in it.
func parseURL(dsn string) (*pgxpool.Config, error) {
	if !names(dsn, "sslmode") {
		switch {
		case !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://"):
			dsn += " sslmode=verify-full"
		case strings.Contains(dsn, "?"):
			dsn += "&sslmode=verify-full"
		default:
			dsn += "?sslmode=verify-full"
		}
	}
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		if file, ok := errors.AsType[*fs.PathError](err); ok {
			return nil, fmt.Errorf("files that can be read: %w", file)
		}
		return nil, errors.New("a PostgreSQL connection URL, such as postgres://user@host:5432/name, or a keyword/value string")
	}
	return cfg, nil
}

// names reports whether a connection string sets a parameter. (A regular
// expression would be made at every start, and take a quarter of a parse.)
func names(dsn, parameter string) bool {
	const space = " \t\r\n\f"
	for at := 0; ; at += len(parameter) {
		next := strings.Index(dsn[at:], parameter)
		if next < 0 {
			return false
		}
		at += next
		begins := at == 0 || strings.ContainsAny(dsn[at-1:at], "?&"+space)
		if begins && strings.HasPrefix(strings.TrimLeft(dsn[at+len(parameter):], space), "=") {
			return true
		}
	}
}

// trust has the servers verified with the authorities in a file.
func trust(cfg *pgconn.Config, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("postgres: certificate authorities: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("postgres: certificate authorities: %s holds no certificate in PEM", file)
	}
	configs := []*tls.Config{cfg.TLSConfig}
	for _, f := range cfg.Fallbacks {
		configs = append(configs, f.TLSConfig)
	}
	for _, c := range configs {
		if c != nil {
			c.RootCAs = roots
		}
	}
	return nil
}
