package migrate

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says how far to migrate, and for whom. The zero value brings the schema
// to its newest version.
type Config struct {
	// Target is the version of the migration to stop at. It cannot be older
	// than the database's.
	//
	// Defaults to the newest.
	Target int64

	// GrantRole is the role that consumers connect as. It is made, without a
	// password, if it is not there, and gets what they need. On Aurora and RDS
	// it logs in with IAM authentication from then on, and with that alone.
	//
	// Defaults to none.
	GrantRole string

	// LockTimeout bounds how long a statement waits for a lock. All who come
	// after it wait as long: it stops the consumers.
	//
	// Defaults to 5 s.
	LockTimeout time.Duration
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	if c.LockTimeout == 0 {
		c.LockTimeout = 5 * time.Second
	}
	return c
}

// Validate reports everything that cannot be.
func (c Config) Validate() error {
	var errs []error
	if c.Target < 0 {
		errs = append(errs, fmt.Errorf("target %d: want the version of a migration", c.Target))
	}
	if c.GrantRole != "" {
		if err := ValidateRole(c.GrantRole); err != nil {
			errs = append(errs, fmt.Errorf("role %q: want %w", c.GrantRole, err))
		}
	}
	if c.LockTimeout < 0 || c.LockTimeout > 0 && c.LockTimeout < time.Millisecond {
		errs = append(errs, fmt.Errorf("lock timeout %v: want 1ms or more", c.LockTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("migrate: configuration: %w", err)
	}
	return nil
}

// maxName is how long a name may be ("Identifiers and Key Words"); PostgreSQL
// cuts off the rest.
const maxName = 63

// ValidateRole checks the name of a role for consumers. Its error says what would
// be accepted.
func ValidateRole(name string) error {
	switch {
	case name == "" || len(name) > maxName || strings.ContainsRune(name, 0):
		return fmt.Errorf("the name of a role, of %d bytes at most", maxName)
	case name == "public" || name == "none": // even in quotes: everybody, nobody
		return errors.New("a role; this name means something else to PostgreSQL")
	case name == "postgres" || strings.HasPrefix(name, "pg_") || strings.HasPrefix(name, "rds"):
		return errors.New("a role of its own for consumers; this one is the server's")
	}
	return nil
}
