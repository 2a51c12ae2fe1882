package postgres

import "syscall"

// memoryFree is the least that is to be free in memory for a server to be kept
// there. Containers often have no more than 64 MiB.
const memoryFree = 1 << 30

// memoryDir is a directory in memory, or "" if there is none with room
// (shm_overview(7)).
func memoryDir() string {
	const dir, tmpfs = "/dev/shm", 0x01021994
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil || fs.Type != tmpfs || fs.Bavail*uint64(fs.Bsize) < memoryFree { //nolint:gosec // a block's size is above 0
		return ""
	}
	if err := syscall.Access(dir, 2|1); err != nil { // write, enter
		return ""
	}
	return dir
}
