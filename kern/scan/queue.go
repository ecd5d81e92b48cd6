package scan

import "sync"

// queue is one worker's directories: its owner takes the newest, so that the walk goes into depth
// and few directories wait; thieves take the oldest, which have the most below them.
type queue struct {
	mu    sync.Mutex
	nodes []*node
	head  int // nodes before it were stolen
}

// push appends nodes and returns how many there are.
func (q *queue) push(nodes []*node) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head > 0 && q.head >= len(q.nodes)/2 {
		kept := copy(q.nodes, q.nodes[q.head:])
		clear(q.nodes[kept:])
		q.nodes, q.head = q.nodes[:kept], 0
	}
	q.nodes = append(q.nodes, nodes...)
	return len(q.nodes) - q.head
}

// pop returns the newest, or nil.
func (q *queue) pop() *node {
	q.mu.Lock()
	defer q.mu.Unlock()
	last := len(q.nodes) - 1
	if last < q.head {
		return nil
	}
	n := q.nodes[last]
	q.nodes[last] = nil
	q.nodes = q.nodes[:last]
	return n
}

// len returns how many wait.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.nodes) - q.head
}

// stealMax bounds how many a thief carries away at once.
const stealMax = 64

// steal appends the older half to dst.
func (q *queue) steal(dst []*node) []*node {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min((len(q.nodes)-q.head+1)/2, stealMax)
	taken := q.nodes[q.head : q.head+n]
	dst = append(dst, taken...)
	clear(taken)
	q.head += n
	return dst
}
