// Package epoll waits for several descriptors in one blocking call, and can be woken.
//
// # Concurrency
//
// Wait and Pause belong to one goroutine. Wake and Close may be called by any, at any time.
//
// # Shutdown
//
// Close wakes Wait and Pause and returns when neither uses a descriptor any more; from then on
// Wait returns [ErrClosed].
package epoll
