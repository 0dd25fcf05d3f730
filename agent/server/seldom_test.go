package server

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestSeldomCountsWhatItDoesNotSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var line seldom
		var said []int
		for range 1000 {
			line.say(func(times int) { said = append(said, times) })
			time.Sleep(200 * time.Millisecond)
		}
		if want := []int{1, 300, 300, 300}; !slices.Equal(said, want) {
			t.Errorf("said %v, want %v", said, want)
		}
	})
}

func TestBoundsLeaveDescriptors(t *testing.T) {
	for _, row := range []struct {
		descriptors int
		want        bounds
	}{
		{1 << 20, bounds{256, 64, 2048}},
		{1024, bounds{256, 64, 728}},
		{256, bounds{162, 40, 54}},
		{64, bounds{18, 4, 6}},
		{8, bounds{3, 1, 1}},
	} {
		got := boundsFor(row.descriptors)
		if got != row.want {
			t.Errorf("with %d descriptors the bounds are %+v", row.descriptors, got)
		}
		if used := got.served + got.waiting; row.descriptors > reserved+4 && row.descriptors-used < reserved {
			t.Errorf("with %d descriptors %d are left", row.descriptors, row.descriptors-used)
		}
	}
}
