package relay

import (
	"context"
	"net"
	"sync"
	"time"
)

// Window bounds what is on the way in one direction: 50 ms of a 10 Gbit/s line.
const Window = 64 << 20

// parcel is what one read returned, and when it is due at the other end.
type parcel struct {
	bytes []byte
	due   time.Time
}

// lane carries one direction of a connection.
type lane struct {
	delay time.Duration

	mu      sync.Mutex
	changed *sync.Cond
	parcels []parcel
	onWay   int  // bytes
	broken  bool // the other end takes no more
}

func newLane(delay time.Duration) *lane {
	l := &lane{delay: delay}
	l.changed = sync.NewCond(&l.mu)
	return l
}

// read takes what from sends until it ends.
func (l *lane) read(from net.Conn) {
	buf := make([]byte, 256<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && !l.send(append([]byte(nil), buf[:n]...)) {
			return
		}
		if err != nil {
			l.send(nil)
			return
		}
	}
}

// send puts bytes on their way, waiting while the window is full; none are the end. False: the
// other end takes no more.
func (l *lane) send(bytes []byte) bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.onWay > Window && !l.broken {
		l.changed.Wait()
	}
	if l.broken {
		return false
	}
	l.parcels = append(l.parcels, parcel{bytes, now.Add(l.delay)})
	l.onWay += len(bytes)
	l.changed.Broadcast()
	return true
}

// write delivers to the other end until the end was delivered, nothing can be, or ctx is done.
func (l *lane) write(ctx context.Context, to net.Conn) {
	defer l.breakOff()
	for {
		p := l.next()
		if !pause(ctx, time.Until(p.due)) {
			return
		}
		if p.bytes == nil {
			closeWrite(to)
			return
		}
		if _, err := to.Write(p.bytes); err != nil {
			return
		}
	}
}

// next waits for the next parcel. One always comes: reading ends with the end.
func (l *lane) next() parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.parcels) == 0 {
		l.changed.Wait()
	}
	p := l.parcels[0]
	l.parcels[0] = parcel{}
	l.parcels = l.parcels[1:]
	l.onWay -= len(p.bytes)
	l.changed.Broadcast()
	return p
}

func (l *lane) breakOff() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = true
	l.changed.Broadcast()
}

func closeWrite(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite() // it is closed otherwise
		return
	}
	_ = c.Close()
}
