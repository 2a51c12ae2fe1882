//go:build unix

package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// identity is who PostgreSQL's programs run as. They refuse to be root ("can
// not be run as root", PostgreSQL documentation, "Creating a Database
// Cluster"), and initdb wants a user whose name can be looked up.
type identity struct {
	mode     string // for people and for the key of the template
	attr     func() *syscall.SysProcAttr
	uid, gid int // who owns the data, as seen from here
}

// identities are those that this process can take, the best one first. For
// root that is only found out by trying them.
func identities() []identity {
	uid, gid := os.Geteuid(), os.Getegid()
	self := identity{mode: "as this user", uid: uid, gid: gid, attr: func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Setpgid: true}
	}}
	if uid != 0 {
		return []identity{self}
	}

	name, otherUID, otherGID := unprivileged(userDatabase)
	other := identity{mode: "as user " + name, uid: otherUID, gid: otherGID, attr: func() *syscall.SysProcAttr {
		return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{
			Uid: uint32(otherUID), Gid: uint32(otherGID), //nolint:gosec // from the user database
		}}
	}}
	return append(namespaced(name, otherUID, otherGID), other)
}

// userDatabase is where users are looked up.
const userDatabase = "/etc/passwd"

// unprivileged picks a user that is not root from the user database: the one
// made for PostgreSQL, else nobody, else the first one.
func unprivileged(passwd string) (name string, uid, gid int) {
	name, uid, gid = "65534", 65534, 65534
	f, err := os.Open(passwd)
	if err != nil {
		return name, uid, gid
	}
	defer f.Close()

	rank := map[string]int{"postgres": 3, "nobody": 2}
	best := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) < 4 {
			continue
		}
		u, uErr := strconv.ParseUint(fields[2], 10, 31)
		g, gErr := strconv.ParseUint(fields[3], 10, 31)
		if r := max(rank[fields[0]], 1); uErr == nil && gErr == nil && u != 0 && g != 0 && r > best {
			best, name, uid, gid = r, fields[0], int(u), int(g)
		}
	}
	return name, uid, gid
}

// choose returns the first identity under which the programs start. It fails
// with what stands in the way of each.
func choose(ctx context.Context, in install, candidates []identity) (identity, error) {
	var errs []error
	for _, id := range candidates {
		cmd := exec.CommandContext(ctx, in.path("postgres"), "--version")
		cmd.Env = programEnv
		cmd.Dir = "/"
		cmd.SysProcAttr = id.attr()
		err := cmd.Run()
		if err == nil {
			return id, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w", id.mode, err))
	}
	return identity{}, fmt.Errorf("%s cannot be started: %w", in.path("postgres"), errors.Join(errs...))
}

// own makes a directory and all in it the identity's. Where it is ours already,
// there is nothing to do.
func (id identity) own(dir string) error {
	if id.uid == os.Geteuid() {
		return nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return root.Lchown(path, id.uid, id.gid)
	})
}
