// Package same tells whether two trees are the same: type, permissions, owner, size, modification
// time to the nanosecond, content, link target, device number, and on request which names are hard
// links of one file.
//
// # Usage
//
// [Trees] compares everything, in parallel, and names the differences. [Pending] answers the cheaper
// question that a benchmark asks a hundred times a second, whether a known set of paths has arrived:
// it looks at attributes only, and again only at what had not arrived.
//
// # Concurrency
//
// Trees may be called from many goroutines. A Pending belongs to one.
package same
