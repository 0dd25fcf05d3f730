package totp

import (
	"slices"
	"testing"
)

// What no ledger writes is no record of what was released.
func TestSpansAreReadAsTheyAreWritten(t *testing.T) {
	most := make([]int64, 0, 2*maxSpans+2)
	for i := range int64(maxSpans + 1) {
		most = append(most, 3*i, 3*i+1)
	}
	for _, test := range []struct {
		list []int64
		ok   bool
	}{
		{[]int64{0, 1}, true},
		{[]int64{farFuture - 1, farFuture}, true},
		{[]int64{0, 30, 31, 60}, true},
		{most[:2*maxSpans], true},
		{most, false},
		{nil, false},
		{[]int64{0}, false},
		{[]int64{0, 30, 60}, false},
		{[]int64{-1, 30}, false},
		{[]int64{30, 30}, false},
		{[]int64{60, 30}, false},
		{[]int64{0, farFuture + 1}, false},
		{[]int64{0, 30, 30, 60}, false}, // one span, in two
		{[]int64{0, 30, 29, 60}, false},
		{[]int64{60, 90, 0, 30}, false},
	} {
		all, ok := spansOf(test.list)
		if ok != test.ok || ok && !slices.Equal(all.numbers(), test.list) {
			t.Errorf("%v: %v, %t", test.list, all, ok)
		}
	}
}

// Nothing that was released is forgotten when there is too much of it.
func TestEarliestSpansBecomeOneBeyondTheBound(t *testing.T) {
	var all spans
	for i := range int64(maxSpans + 1) {
		all = all.with(span{3 * i, 3*i + 1})
	}
	if len(all) != maxSpans || all[0] != (span{0, 4}) || all[1] != (span{6, 7}) || all[maxSpans-1].to != 3*maxSpans+1 {
		t.Errorf("%d spans, which begin with %v", len(all), all[:2])
	}
}
