package bench

import "context"

// Scenario is one question about the whole program.
type Scenario struct {
	Name    string
	Summary string // one line
	run     func(context.Context, *rig) ([]Result, error)
}

// Scenarios are all of them, in the order in which they run.
func Scenarios() []Scenario {
	return []Scenario{
		{"walk", "start until ready, 100,000 directories", walk},
		{"latency", "write until the same bytes are on the replica, 100,000 files, one change at a time", latency},
		{"rtt50", "the same through a relay that makes a round trip take 50 ms, a change every 2 s", rtt50},
		{"hung", "the same while the second target is a stopped process, against before", hung},
		{"unpack", "50,000 small files unpacked until identical, against rsync -a of them", unpack},
		{"storm", "100 files rewritten 200,000 times: runs a second, time until identical", storm},
		{"rmrf", "20,000 files of a directory removed: time until identical, bytes of list", rmrf},
		{"fullpass", "sersync sync of 200,000 files, unchanged and 1 % changed, against rsync -a --delete", fullpass},
		{"bulk-pass", "changes while a full pass into an empty module is under way", bulkPass},
		{"bulk-file", "changes while a large file is under way", bulkFile},
		{"idle", "processor time and wake-ups when nothing changes", idle},
	}
}
