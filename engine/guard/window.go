package guard

import "time"

// slots is how many parts a Window has: what was deleted counts for an hour, give or take a part.
const slots = 60

// window counts deletions of the last hour. A slot is written anew when its minute comes round.
type window struct {
	count [slots]int64
	turn  [slots]int64
}

func turnOf(now time.Time) int64 { return now.UnixNano() / int64(Window/slots) }

func (w *window) add(n int64, now time.Time) {
	turn := turnOf(now)
	i := slotOf(turn)
	if w.turn[i] != turn {
		w.turn[i], w.count[i] = turn, 0
	}
	w.count[i] += n
}

// sum returns what was added in the hour before now. A clock that was set back counts too much
// rather than too little.
func (w *window) sum(now time.Time) int64 {
	oldest := turnOf(now) - slots
	var n int64
	for i, turn := range w.turn {
		if turn > oldest {
			n += w.count[i]
		}
	}
	return n
}

func slotOf(turn int64) int64 { return ((turn % slots) + slots) % slots }
