// Package relay is a TCP relay that adds distance: what comes in on one side goes out on the other a
// fixed time later, in both directions, at any rate.
//
// # Usage
//
// [Listen] opens the port, Run serves it; clients connect to Addr. A connection to the far end is
// made one and a half round trips after the client's, so that the far end's first words arrive when
// they would after a three-way handshake over that distance. Slow start, and Nagle's algorithm
// waiting for a distant acknowledgement, are not modelled: each end talks to a neighbour.
//
// # Concurrency
//
// Each connection has two lanes, each a goroutine that reads and stamps and one that waits and
// writes. What is on the way is bounded by [Window] bytes a lane.
//
// # Shutdown
//
// Run returns when its context is done and every connection is closed.
package relay
