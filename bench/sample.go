package bench

import (
	"math"
	"slices"
	"time"
)

// Sample is a set of measured durations, in the order in which they were measured.
type Sample []time.Duration

// Percentile is the smallest measured value that at least share (0 to 1) of all do not exceed: a
// value that was measured, not one in between. Of no values it is 0.
func (s Sample) Percentile(share float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(share * float64(len(s))))
	return sorted[min(max(rank, 1), len(s))-1]
}

// Median is the Percentile of one half.
func (s Sample) Median() time.Duration { return s.Percentile(0.5) }

// Mean is the sum by the number.
func (s Sample) Mean() time.Duration {
	if len(s) == 0 {
		return 0
	}
	var sum time.Duration
	for _, d := range s {
		sum += d
	}
	return sum / time.Duration(len(s))
}

// median of an odd number of ratios is the middle one, of an even number the mean of the two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
