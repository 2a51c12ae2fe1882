package postgres

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// Config says which PostgreSQL [Start] is to use and how. The zero value is a
// private server that is fast and forgets.
type Config struct {
	// URL connects to a running server as a user who may create databases: a
	// URL or a keyword/value string. Defaults to "", a private server.
	URL string

	// Database is the name of the database that is made: lower-case letters,
	// digits and underscores, not beginning with a digit, 63 at most. It must
	// not exist yet. Defaults to a random name.
	Database string

	// Port is where a private server listens on 127.0.0.1. Defaults to a free
	// one.
	Port int

	// Durable keeps fsync and full page writes as they are in production, as
	// measurements want it. Defaults to false: what is committed survives a
	// crash of the server, but not one of the machine.
	Durable bool

	// Settings are further server settings, such as "max_connections".
	// Defaults to none.
	Settings map[string]string

	// BinDir holds initdb and postgres. Defaults to the first of $PATH,
	// pg_config's and the usual places of this operating system, then to a
	// download.
	BinDir string

	// DataDir is where a directory for the data is made; for Durable it has to
	// be on a real disk. Defaults to one in memory where there is room and
	// nothing has to last, else to CacheDir or, if the server has to run as
	// another user, to the directory for temporary files.
	DataDir string

	// CacheDir keeps templates between runs. Defaults to tracehaul/postgres in
	// the user's cache directory.
	CacheDir string

	// DownloadDir keeps downloaded binaries between runs. Defaults to CacheDir
	// and, for root, to /var/cache/tracehaul/postgres, which other users can
	// enter.
	DownloadDir string

	// DownloadURL is the Maven repository that binaries are downloaded from.
	// Defaults to Maven Central.
	DownloadURL string

	// StartTimeout bounds the start of the server, without the download.
	// Defaults to 30 seconds.
	StartTimeout time.Duration

	// Progress is told in one line what takes long: making the template,
	// downloading. Defaults to io.Discard.
	Progress io.Writer
}

// WithDefaults fills in every field that has a default.
func (c Config) WithDefaults() Config {
	if c.CacheDir == "" {
		c.CacheDir = userCacheDir()
	}
	if c.DownloadDir == "" {
		c.DownloadDir = c.CacheDir
		if os.Geteuid() == 0 {
			c.DownloadDir = "/var/cache/tracehaul/postgres"
		}
	}
	if c.DownloadURL == "" {
		c.DownloadURL = mavenCentral
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = 30 * time.Second
	}
	if c.Progress == nil {
		c.Progress = io.Discard
	}
	return c
}

// Validate reports every setting that cannot be used.
func (c Config) Validate() error {
	var errs []error
	if c.Port < 0 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("port %d: want 0 to 65535", c.Port))
	}
	if c.Database != "" && !databaseName.MatchString(c.Database) {
		errs = append(errs, fmt.Errorf("database %q: want lower-case letters, digits and underscores, not beginning with a digit, 63 at most", c.Database))
	}
	if c.StartTimeout < 0 {
		errs = append(errs, fmt.Errorf("start timeout %v: want more than 0", c.StartTimeout))
	}
	for name := range c.Settings {
		if !validSetting(name) {
			errs = append(errs, fmt.Errorf("setting %q: want lower-case letters, digits, dots and underscores", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("postgres: configuration: %w", err)
	}
	return nil
}

// databaseName is what a name may be: PostgreSQL cuts off what goes beyond 63
// bytes ("Identifiers and Key Words").
var databaseName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// settings are the server's settings in the order of their weight: ours, then
// the caller's, then those that keep the server private.
func (c Config) settings(port int) map[string]string {
	s := map[string]string{
		"max_connections": "200",
		// The log is for the reason of a failed start; statements stay out of it.
		"log_min_messages":        "log",
		"log_min_error_statement": "panic",
		"log_checkpoints":         "off",
		"jit":                     "off", // compiling costs more than it saves on statements this small
		"log_timezone":            "UTC",
		"timezone":                "UTC",
	}
	if !c.Durable {
		s["max_wal_size"] = "128MB" // it may be in memory
		s["fsync"] = "off"
		s["full_page_writes"] = "off"
	}
	maps.Copy(s, c.Settings)
	s["listen_addresses"] = loopback
	s["port"] = strconv.Itoa(port)
	s["unix_socket_directories"] = ""
	return s
}

func validSetting(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' && r != '.' {
			return false
		}
	}
	return name != ""
}

// userCacheDir is where templates are kept: without a home directory, a place
// for temporary files that belongs to this user alone.
func userCacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join(os.TempDir(), fmt.Sprintf("tracehaul-%d", os.Geteuid()), "postgres")
	}
	return filepath.Join(dir, "tracehaul", "postgres")
}
