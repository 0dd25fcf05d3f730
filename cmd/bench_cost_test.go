package cmd_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cost is what a crowd took: until the last had ended, and of the processors.
type cost struct{ wall, cpu time.Duration }

// costs are those of each runner's rounds, of which all have as many.
type costs map[string][]cost

func (c costs) add(name string, one cost) { c[name] = append(c[name], one) }

// The two figures of a cost, in milliseconds.
func wall(c cost) float64 { return c.wall.Seconds() * 1e3 }
func cpu(c cost) float64  { return c.cpu.Seconds() * 1e3 }

// median is of a figure that f makes of each round.
func (c costs) median(name string, f func(round int) float64) float64 {
	var all []float64
	for round := range c[name] {
		all = append(all, f(round))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func (c costs) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op") // an iteration runs all of them: its time says nothing
	for name := range c {
		b.ReportMetric(c.median(name, func(i int) float64 { return wall(c[name][i]) }), name+"-ms")
		b.ReportMetric(c.median(name, func(i int) float64 { return cpu(c[name][i]) }), name+"-cpu-ms")
	}
}

// ratio compares two that ran side by side, round by round.
func (c costs) ratio(b *testing.B, one, other string) {
	b.Helper()
	of := func(figure func(cost) float64) float64 {
		return c.median(one, func(i int) float64 { return figure(c[one][i]) / figure(c[other][i]) })
	}
	b.ReportMetric(of(wall), one+"/"+other)
	b.ReportMetric(of(cpu), one+"/"+other+"-cpu")
}

// more reports by how much one is above another, measured in a third.
func (c costs) more(b *testing.B, one, other, measure string) {
	b.Helper()
	of := func(figure func(cost) float64) float64 {
		return c.median(one, func(i int) float64 { return (figure(c[one][i]) - figure(c[other][i])) / figure(c[measure][i]) })
	}
	b.ReportMetric(of(wall), "more/"+measure)
	b.ReportMetric(of(cpu), "more/"+measure+"-cpu")
}

// atOnce runs f n times side by side and returns what all of them took.
func atOnce(b *testing.B, n int, f func() (time.Duration, error)) cost {
	b.Helper()
	var total atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range n {
		wg.Go(func() {
			used, err := f()
			if err != nil {
				b.Error(err)
			}
			total.Add(int64(used))
		})
	}
	wg.Wait()
	return cost{time.Since(start), time.Duration(total.Load())}
}
