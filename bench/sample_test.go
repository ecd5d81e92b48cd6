package bench

import (
	"testing"
	"time"
)

func TestPercentileIsAMeasuredValue(t *testing.T) {
	upTo := func(n int) Sample {
		var s Sample
		for i := n; i > 0; i-- {
			s = append(s, time.Duration(i))
		}
		return s
	}
	tests := []struct {
		name   string
		sample Sample
		share  float64
		want   time.Duration
	}{
		{"nothing", nil, 0.5, 0},
		{"one", Sample{7}, 0.95, 7},
		{"half of two is the first", Sample{9, 3}, 0.5, 3},
		{"half of a hundred", upTo(100), 0.5, 50},
		{"95 of a hundred", upTo(100), 0.95, 95},
		{"95 of twenty", upTo(20), 0.95, 19},
		{"95 of nineteen is the last", upTo(19), 0.95, 19},
		{"all", upTo(10), 1, 10},
		{"none", upTo(10), 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.sample.Percentile(test.share); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		value, limit float64
		want         string
	}{
		{9, 10, "met"},
		{10, 10, "met"},
		{15, 10, "missed by 50 %"},
		{3, 0, "missed"},
		{0, 0, "met"},
		{median(nil), 1, "missed"},
	} {
		if got := (Check{Value: test.value, Limit: test.limit}).Verdict(); got != test.want {
			t.Errorf("%v against %v: %q, want %q", test.value, test.limit, got, test.want)
		}
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median of three: %v", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("median of four: %v", got)
	}
}
