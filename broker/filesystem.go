package broker

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Reach is which machines see a file system.
type Reach int

// Reaches of file systems.
const (
	ReachUnclear Reach = iota
	ReachLocal
	ReachShared
)

// FileSystem is where a folder is kept.
type FileSystem struct {
	Kind  string
	Reach Reach
	Free  int64 // bytes for this user
}

// fileSystems are the types of statfs(2), most of them in linux/magic.h.
var fileSystems = map[uint32]FileSystem{
	unix.EXT4_SUPER_MAGIC:      {Kind: "ext4", Reach: ReachLocal}, // ext2 and ext3 too
	unix.XFS_SUPER_MAGIC:       {Kind: "xfs", Reach: ReachLocal},
	unix.BTRFS_SUPER_MAGIC:     {Kind: "btrfs", Reach: ReachLocal},
	unix.F2FS_SUPER_MAGIC:      {Kind: "f2fs", Reach: ReachLocal},
	unix.TMPFS_MAGIC:           {Kind: "tmpfs, in memory", Reach: ReachLocal},
	unix.RAMFS_MAGIC:           {Kind: "ramfs, in memory", Reach: ReachLocal},
	unix.OVERLAYFS_SUPER_MAGIC: {Kind: "overlay", Reach: ReachLocal},
	0x2fc12fc1:                 {Kind: "zfs", Reach: ReachLocal},
	unix.NFS_SUPER_MAGIC:       {Kind: "nfs", Reach: ReachShared},
	unix.SMB_SUPER_MAGIC:       {Kind: "smb", Reach: ReachShared},
	unix.CIFS_SUPER_MAGIC:      {Kind: "cifs", Reach: ReachShared},
	unix.SMB2_SUPER_MAGIC:      {Kind: "smb2", Reach: ReachShared},
	unix.CEPH_SUPER_MAGIC:      {Kind: "ceph", Reach: ReachShared},
	unix.AFS_SUPER_MAGIC:       {Kind: "afs", Reach: ReachShared},
	unix.V9FS_MAGIC:            {Kind: "9p", Reach: ReachShared},
	unix.OCFS2_SUPER_MAGIC:     {Kind: "ocfs2", Reach: ReachShared},
	0x01161970:                 {Kind: "gfs2", Reach: ReachShared},
	0x0bd00bd0:                 {Kind: "lustre", Reach: ReachShared},
	0x47504653:                 {Kind: "gpfs", Reach: ReachShared},
	0x19830326:                 {Kind: "beegfs", Reach: ReachShared},
	0xaad7aaea:                 {Kind: "panfs", Reach: ReachShared},
	unix.FUSE_SUPER_MAGIC:      {Kind: "fuse"}, // may be sshfs, may be anything
}

// StatFileSystem tells about the file system of a folder. An error is that of
// statfs(2), with the folder.
func StatFileSystem(folder string) (FileSystem, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return FileSystem{}, &fs.PathError{Op: "statfs", Path: folder, Err: err}
	}
	f, known := fileSystems[uint32(stat.Type)]
	if !known {
		f.Kind = fmt.Sprintf("a file system of type %#x", uint32(stat.Type))
	}
	f.Free = int64(min(stat.Bavail, math.MaxInt64/uint64(stat.Bsize))) * stat.Bsize
	return f, nil
}

// usedBytes is the size of the files in a folder.
func usedBytes(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil {
			return nil // it has gone meanwhile
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
