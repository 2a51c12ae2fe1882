//go:build unix

package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	loopback       = "127.0.0.1"
	databasePrefix = "tracehaul_"
)

// ErrDatabaseExists says that the name of Config.Database is taken.
var ErrDatabaseExists = errors.New("postgres: the database exists already")

// ErrNotPrivate says that a server of someone else was not restarted or killed.
var ErrNotPrivate = errors.New("postgres: the server is not ours")

// Server is a PostgreSQL server with a database for the caller. It is safe for
// concurrent use.
type Server struct {
	conn    string // connects to the server's maintenance database as one who may create others
	url     string // of the caller's database
	about   string
	private *private // nil if the server is not ours

	mu      sync.Mutex
	made    map[string]bool // databases to drop
	stopped bool
}

// Start makes a fresh database: in the server of Config.URL, or else in a
// private server. It fails with what was tried and what would help.
func Start(ctx context.Context, c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	s, err := open(ctx, c)
	if err != nil {
		return nil, err
	}
	name := c.Database
	if name == "" {
		name = randomName()
	}
	if s.url, err = s.create(ctx, name); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func open(ctx context.Context, c Config) (*Server, error) {
	if c.URL != "" {
		return &Server{conn: c.URL, about: "the PostgreSQL server of the given URL", made: map[string]bool{}}, nil
	}
	in, err := obtain(ctx, c)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, c, in, identities())
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return &Server{conn: p.url(), about: p.String(), private: p, made: map[string]bool{}}, nil
}

// obtain finds PostgreSQL's programs or downloads them.
func obtain(ctx context.Context, c Config) (install, error) {
	if c.BinDir != "" {
		in, err := inspect(ctx, c.BinDir)
		if err != nil {
			return install{}, fmt.Errorf("postgres: %w", err)
		}
		return in, nil
	}
	in, findErr := finder{lookPath: exec.LookPath, places: usualPlaces}.find(ctx)
	if findErr == nil {
		return in, nil
	}
	in, err := download(ctx, c)
	if err != nil {
		return install{}, fmt.Errorf("postgres: %w; %w; install it (Debian, Ubuntu: apt-get install postgresql; "+
			"macOS: brew install postgresql@17) or give the URL of a server", findErr, err)
	}
	return in, nil
}

// URL connects to the database that was made for the caller. It holds a
// password.
func (s *Server) URL() string { return s.url }

// String says which server this is, without secrets.
func (s *Server) String() string { return s.about }

// CreateDatabase makes another, empty database and returns its URL.
func (s *Server) CreateDatabase(ctx context.Context) (string, error) {
	return s.create(ctx, randomName())
}

func randomName() string { return databasePrefix + strings.ToLower(rand.Text()) }

func (s *Server) create(ctx context.Context, name string) (string, error) {
	url, err := withDatabase(s.conn, name)
	if err != nil {
		return "", err
	}
	if err := s.exec(ctx, "CREATE DATABASE "+quoted(name)); err != nil {
		if exists(err) {
			return "", fmt.Errorf("%w: %s: drop it or give another name; it was left as it is", ErrDatabaseExists, name)
		}
		return "", fmt.Errorf("postgres: create a database: %w", err)
	}
	s.mu.Lock()
	s.made[name] = true
	s.mu.Unlock()
	return url, nil
}

// DropDatabase removes a database that CreateDatabase made, and whoever is
// connected to it.
func (s *Server) DropDatabase(ctx context.Context, url string) error {
	c, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	s.mu.Lock()
	known := s.made[c.Database]
	s.mu.Unlock()
	if !known {
		return fmt.Errorf("postgres: %q is not a database that was made here", c.Database)
	}
	if err := s.drop(ctx, c.Database); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.made, c.Database)
	s.mu.Unlock()
	return nil
}

// quoted writes a name so that it may be a key word, such as user. None has a
// quote in it.
func quoted(name string) string { return `"` + name + `"` }

// exists reports whether there is a database of the name. Of two who make it at
// once, one is refused by the catalogue's index. ("PostgreSQL Error Codes")
func exists(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (p.Code == "42P04" || p.Code == "23505")
}

func (s *Server) drop(ctx context.Context, name string) error {
	if err := s.exec(ctx, "DROP DATABASE IF EXISTS "+quoted(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("postgres: drop database %s: %w", name, err)
	}
	return nil
}

// exec runs one statement without parameters in the maintenance database.
func (s *Server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.conn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol)
	return errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
}

// Stop ends a private server and removes its files; of another one it drops
// the databases that were made. Stopping twice is harmless.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	if s.private != nil {
		return s.private.stop()
	}
	var errs []error
	for name := range s.made {
		errs = append(errs, s.drop(ctx, name))
	}
	return errors.Join(errs...)
}

// Kill ends a private server as a crash would: it answers nobody, and the next
// [Server.Restart] has to recover from the log. It returns when the server is
// gone.
func (s *Server) Kill(ctx context.Context) error {
	if s.private == nil {
		return ErrNotPrivate
	}
	return s.private.kill(ctx)
}

// Restart shuts a private server down in good order, if it runs, and starts it
// again with the same data, port and password.
func (s *Server) Restart(ctx context.Context) error {
	if s.private == nil {
		return ErrNotPrivate
	}
	return s.private.restart(ctx)
}

// withDatabase changes the database that a URL or a keyword/value string names.
func withDatabase(conn, name string) (string, error) {
	if _, err := pgx.ParseConfig(conn); err != nil {
		return "", fmt.Errorf("postgres: %w", err) // pgx leaves passwords out
	}
	changed := conn + " dbname=" + name
	if strings.HasPrefix(conn, "postgres://") || strings.HasPrefix(conn, "postgresql://") {
		u, err := url.Parse(conn)
		if err != nil {
			return "", errors.New("postgres: the URL cannot be parsed") // err would quote it
		}
		query := u.Query()
		query.Del("dbname")
		query.Del("database")
		u.RawQuery = query.Encode()
		u.Path, u.RawPath = "/"+name, ""
		changed = u.String()
	}
	if c, err := pgx.ParseConfig(changed); err != nil || c.Database != name {
		return "", errors.New("postgres: the connection string cannot be changed to name another database")
	}
	return changed, nil
}
