package app

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// reach is which machines see a file system.
type reach int

const (
	reachUnclear reach = iota
	reachLocal
	reachShared
)

// filesystem is where a folder is kept.
type filesystem struct {
	kind  string
	reach reach
	free  uint64 // bytes for this user
}

// filesystems are the types of statfs(2), most of them in linux/magic.h.
var filesystems = map[uint32]filesystem{
	unix.EXT4_SUPER_MAGIC:      {kind: "ext4", reach: reachLocal}, // ext2 and ext3 too
	unix.XFS_SUPER_MAGIC:       {kind: "xfs", reach: reachLocal},
	unix.BTRFS_SUPER_MAGIC:     {kind: "btrfs", reach: reachLocal},
	unix.F2FS_SUPER_MAGIC:      {kind: "f2fs", reach: reachLocal},
	unix.TMPFS_MAGIC:           {kind: "tmpfs, in memory", reach: reachLocal},
	unix.RAMFS_MAGIC:           {kind: "ramfs, in memory", reach: reachLocal},
	unix.OVERLAYFS_SUPER_MAGIC: {kind: "overlay", reach: reachLocal},
	0x2fc12fc1:                 {kind: "zfs", reach: reachLocal},
	unix.NFS_SUPER_MAGIC:       {kind: "nfs", reach: reachShared},
	unix.SMB_SUPER_MAGIC:       {kind: "smb", reach: reachShared},
	unix.CIFS_SUPER_MAGIC:      {kind: "cifs", reach: reachShared},
	unix.SMB2_SUPER_MAGIC:      {kind: "smb2", reach: reachShared},
	unix.CEPH_SUPER_MAGIC:      {kind: "ceph", reach: reachShared},
	unix.AFS_SUPER_MAGIC:       {kind: "afs", reach: reachShared},
	unix.V9FS_MAGIC:            {kind: "9p", reach: reachShared},
	unix.OCFS2_SUPER_MAGIC:     {kind: "ocfs2", reach: reachShared},
	0x01161970:                 {kind: "gfs2", reach: reachShared},
	0x0bd00bd0:                 {kind: "lustre", reach: reachShared},
	0x47504653:                 {kind: "gpfs", reach: reachShared},
	0x19830326:                 {kind: "beegfs", reach: reachShared},
	0xaad7aaea:                 {kind: "panfs", reach: reachShared},
	unix.FUSE_SUPER_MAGIC:      {kind: "fuse"}, // may be sshfs, may be anything
}

// statFilesystem tells about the file system of a folder.
func statFilesystem(folder string) (filesystem, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(folder, &stat); err != nil {
		return filesystem{}, err
	}
	f, known := filesystems[uint32(stat.Type)]
	if !known {
		f.kind = fmt.Sprintf("a file system of type %#x", uint32(stat.Type))
	}
	f.free = stat.Bavail * uint64(stat.Bsize)
	return f, nil
}

func bytesText(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
