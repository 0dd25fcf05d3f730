package peer

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStatIsRead(t *testing.T) {
	const before, after = " S 20 30 40 34817 50 6 7 8 9 10 11 12 13 14 15 16 17 18", " 4711"
	for line, want := range map[string]process{
		"5 (sh)" + before + after + " 23 24\n": {name: "sh", parent: 20, session: 40, tty: "pts/1"},
		"5 (a) R 1 (b)" + before + after:       {name: "a) R 1 (b", parent: 20, session: 40, tty: "pts/1"},
		"5 ()" + before + after:                {parent: 20, session: 40, tty: "pts/1"},
	} {
		if got, started, err := parseStat(line); got != want || started != 4711 || err != nil {
			t.Errorf("%s: %+v, %d, %v", line, got, started, err)
		}
	}
	for _, line := range []string{"", "5 sh S 20", "5 (sh" + before, "5 sh)" + before, "5 (sh)" + before, "5 (sh)" + before + " x"} {
		if got, _, err := parseStat(line); err == nil || got != (process{}) {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestTerminalIsNamedByItsDevice(t *testing.T) {
	if got := terminal(0); got != "" {
		t.Errorf("none is %q", got)
	}
	for want, device := range map[string]uint64{
		"tty0": unix.Mkdev(4, 0), "tty63": unix.Mkdev(4, 63), "terminal 4:64": unix.Mkdev(4, 64), "terminal 5:1": unix.Mkdev(5, 1),
		"terminal 135:0": unix.Mkdev(135, 0), "pts/0": unix.Mkdev(136, 0), "pts/257": unix.Mkdev(137, 1),
		"pts/2047": unix.Mkdev(143, 255), "terminal 144:0": unix.Mkdev(144, 0),
	} {
		if got := terminal(int(device)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A session counts as new for some minutes, so its age must be right.
func TestProcessIsAsOldAsItIs(t *testing.T) {
	begun := time.Now()
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = child.Process.Kill(), child.Wait() }()
	young, err := stat(child.Process.Pid)
	const tick = time.Second / ticks
	if most := time.Since(begun) + tick; young.age <= 0 || young.age > most || err != nil {
		t.Errorf("the child is %v old, and was started within %v: %v", young.age, most, err)
	}
	if young.parent != os.Getpid() {
		t.Errorf("its parent is %d", young.parent)
	}
	if old, err := stat(1); old.age <= young.age || err != nil {
		t.Errorf("pid 1 is %v old, %v", old.age, err)
	}
	if got, err := stat(1 << 30); err == nil {
		t.Errorf("nobody is %+v", got)
	}
}

// A process that has no command line is shown by the name that the kernel has.
func TestProcessWithoutArgumentsHasItsName(t *testing.T) {
	child := exec.Command("true")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Wait() }()
	if err := unix.Waitid(unix.P_PID, child.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := read(child.Process.Pid); !slices.Equal(got.Command, []string{"true"}) || err != nil {
		t.Errorf("%q, %v", got.Command, err)
	}
}

func TestClaimShowsWhoAsksFor(t *testing.T) {
	all := map[int]process{
		1: {name: "init"}, 2: {name: "a\x1b", parent: 1}, 3: {parent: 2}, 4: {name: "c", parent: 3}, 5: {name: "d", parent: 4},
		6: {name: "e", parent: 5},
	}
	look := func(pid int) (process, error) {
		if p, found := all[pid]; found {
			return p, nil
		}
		return process{}, errors.New("no such process")
	}
	for pid, want := range map[int][]string{1: nil, 2: {"a\uFFFD"}, 4: {"c", "3", "a\uFFFD"}, 6: {"e", "d", "c", "3"}, 99: nil} {
		if got := (process{parent: pid}).claim(7, []string{"x"}, look); !slices.Equal(got.Parents, want) || got.ParentPID != pid || got.PID != 7 {
			t.Errorf("below %d: %+v", pid, got)
		}
	}
	p := process{parent: 6, session: 9, tty: "pts/3"}
	all[7] = p
	got := p.claim(7, []string{"/opt/aws", "s3://a/b"}, look)
	if !slices.Equal(got.Command, []string{"aws", "s3://a/b"}) || got.TTY != "pts/3" {
		t.Errorf("%+v", got)
	}
}
