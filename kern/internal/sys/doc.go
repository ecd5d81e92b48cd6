// Package sys is the only place of unsafe and of raw system calls: descriptors, records, errno.
// Each wrapper retries EINTR and returns the kernel's error number; callers give it a name.
package sys
