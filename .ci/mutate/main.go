// Command mutate tells how well the tests would notice a wrong line: it makes one
// change at a time in a package's code, runs the tests that judge the package, and
// lists the changes that no test noticed.
//
//	go run ./.ci/mutate [-n 40] [-seed 1] [-at-least 85] [PACKAGE ...]
//
// A change never touches the work tree: it goes to the compiler as an overlay.
// The tests run with -short: those that go through each bit take a part of them.
// What does not compile does not count. A change that is known to make no
// difference stands in survivors.txt with its reason; it counts as unnoticed all
// the same.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// judged are the packages in question, each with those whose tests judge it
// beside its own.
var judged = []subject{
	{folder: "token/totp"},
	{folder: "credproc"},
	{folder: "credproc/flight", beside: []string{"credproc"}},
	{folder: "credproc/sigv4", beside: []string{"credproc/aws"}},
	{folder: "credproc/config"},
	{folder: "credproc/config/syntax", beside: []string{"credproc/config"}},
	{folder: "agent/server"},
	{folder: "agent/peer"},
	{folder: "keystore"},
	{folder: "agent/vault", beside: []string{"agent"}},
	{folder: "agent/ask"},
	{folder: "agent/audit"},
	{folder: "internal/durable", beside: []string{"internal/durable/faultfs"}},
	{folder: "internal/socket", beside: []string{"agent/peer"}},
	{folder: "internal/sealed"},
	{folder: "internal/closed", apart: true},
	{folder: "internal/inherited", apart: true},
	{folder: "internal/forget"},
	{folder: "internal/owner"},
}

//go:embed survivors.txt
var reasons string

func main() {
	sample := flag.Int("n", 40, "changes in each package, drawn by lot; 0: all")
	seed := flag.Uint64("seed", 1, "of the lot")
	atLeast := flag.Int("at-least", 85, "per cent of all changes that must be noticed")
	flag.Parse()
	var sum tally
	for _, s := range chosen(flag.Args()) {
		t, err := s.try(*sample, rand.New(rand.NewPCG(*seed, 0)))
		if err != nil {
			fmt.Fprintf(os.Stderr, "mutate: %s: %v\n", s.folder, err)
			os.Exit(2)
		}
		fmt.Printf("%-20s %s\n", s.folder, t)
		sum = sum.plus(t)
	}
	fmt.Printf("%-20s %s\n", "all", sum)
	if sum.rate() < *atLeast {
		os.Exit(1)
	}
}

// chosen are the subjects that are named; all, by no name.
func chosen(names []string) []subject {
	if len(names) == 0 {
		return judged
	}
	var found []subject
	for _, name := range names {
		name = strings.Trim(strings.TrimPrefix(name, "./"), "/")
		i := slices.IndexFunc(judged, func(s subject) bool { return s.folder == name })
		if i < 0 {
			found = append(found, subject{folder: name})
			continue
		}
		found = append(found, judged[i])
	}
	return found
}

// tally counts the changes of a package.
type tally struct{ noticed, unnoticed, broken, explained int }

func (t tally) plus(u tally) tally {
	return tally{t.noticed + u.noticed, t.unnoticed + u.unnoticed, t.broken + u.broken, t.explained + u.explained}
}

func (t tally) rate() int { return 100 * t.noticed / max(1, t.noticed+t.unnoticed) }

func (t tally) String() string {
	return fmt.Sprintf("%3d %% of %d changes noticed; %d unnoticed, of which %d are explained; %d did not compile",
		t.rate(), t.noticed+t.unnoticed, t.unnoticed, t.explained, t.broken)
}

// try makes the changes of a package, as many at once as there are processors,
// and prints those that nobody noticed.
func (s subject) try(sample int, lot *rand.Rand) (tally, error) {
	j, err := s.judge()
	if err != nil {
		return tally{}, err
	}
	changes, err := changesOf(s.folder)
	if err != nil {
		return tally{}, err
	}
	lot.Shuffle(len(changes), func(a, b int) { changes[a], changes[b] = changes[b], changes[a] })
	var (
		sum   tally
		mu    sync.Mutex
		queue = make(chan change)
		done  sync.WaitGroup
	)
	tried := func() int { mu.Lock(); defer mu.Unlock(); return sum.noticed + sum.unnoticed }
	for range runtime.NumCPU() {
		done.Go(func() {
			for c := range queue {
				v := j.verdict(c)
				mu.Lock()
				sum.note(c, v)
				mu.Unlock()
			}
		})
	}
	for _, c := range changes {
		if sample > 0 && tried() >= sample {
			break
		}
		queue <- c
	}
	close(queue)
	done.Wait()
	return sum, nil
}

// note counts a verdict, and prints a change that nobody noticed.
func (t *tally) note(c change, v verdict) {
	switch v {
	case broken:
		t.broken++
	case noticed:
		t.noticed++
	default:
		t.unnoticed++
		why := "no test reaches it"
		if v == unnoticed {
			why = "no test notices"
		}
		if reason, known := reasonFor(c); known {
			t.explained++
			why = reason
		}
		fmt.Printf("  %s:%d: %s: %s\n", c.file, c.line, c, why)
	}
}

// reasonFor finds the line of survivors.txt, "FILE: CHANGE | REASON".
func reasonFor(c change) (string, bool) {
	for line := range strings.Lines(reasons) {
		what, reason, ok := strings.Cut(strings.TrimSpace(line), " | ")
		if ok && what == c.file+": "+c.String() {
			return reason, true
		}
	}
	return "", false
}
