// Package doctor checks everything that credentials depend on: the programs,
// the socket, the agent, the files, the profiles that aws finds mfad for, the
// environment, the vault, the tokens and the clock.
//
// It looks, and changes nothing but that the agent is started, as by any
// request; it asks nobody and does not call AWS. Each check is one function and
// one row of the table of checks; what an earlier check has found, such as the
// agent's status, later ones use. The verb "mfad doctor" calls [Doctor.Examine]
// and decides what the findings mean for the exit code.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/line"
)

// A Caller calls a method of the agent.
type Caller func(ctx context.Context, method string, params, result any) error

// A Doctor is what the checks need of the program that runs them.
type Doctor struct {
	Getenv func(string) string
	// Call starts the agent when it does not run, and CallRunning fails then.
	Call, CallRunning Caller
	// Self is the path by which config files name this program.
	Self func() (string, error)
	// SameFile tells whether two paths are one file.
	SameFile func(a, b string) bool
	// Hint is what there is to do about an error: one sentence with the exact
	// command, or nothing.
	Hint func(err error) string
	// PasteName makes a profile's name fit for a command that can be pasted.
	PasteName func(profile string) string
}

// A Grade says how a finding is meant.
type Grade string

// The grades: nothing to do, something odd, something broken.
const (
	OK   Grade = "ok"
	Warn Grade = "warn"
	Fail Grade = "fail"
)

// A Finding is one thing that was looked at. Hint is one sentence with the exact
// command, for what is not ok.
type Finding struct {
	Check string `json:"check"`
	Grade Grade  `json:"grade"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// patience is how long doctor waits for an answer of the agent.
const patience = 5 * time.Second

// An examination is one run of the checks.
type examination struct {
	Doctor
	paths  config.Paths
	status *wire.Status // nil when the agent does not answer
	vault  error        // why it does not open, as the profiles that need it say again
}

// checks in the order of their findings: what others need comes before them.
var checks = []struct {
	name string
	look func(context.Context, *examination, *record)
}{
	{"programs", checkPrograms},
	{"socket", checkSocket},
	{"agent", checkAgent},
	{"vault", checkVault},
	{"keychain", checkKeychain},
	{"files", checkFiles},
	{"profiles", checkServed},
	{"profiles", checkProfiles},
	{"environment", checkEnvironment},
	{"tokens", checkTokens},
	{"clock", checkClock},
}

// Examine runs every check, one after the other. It waits for the agent, and
// for the tokens that are plugged in, some seconds each at most.
func (d Doctor) Examine(ctx context.Context) []Finding {
	e := examination{Doctor: d}
	var all []Finding
	for _, check := range checks {
		r := record{check: check.name}
		check.look(ctx, &e, &r)
		all = append(all, r.findings...)
	}
	return all
}

// Failed counts the findings of grade fail.
func Failed(findings []Finding) int {
	failed := 0
	for _, f := range findings {
		if f.Grade == Fail {
			failed++
		}
	}
	return failed
}

// Text shows findings to a person, a line each and a line for each hint.
func Text(findings []Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%-4s  %s: %s\n", f.Grade, f.Check, line.One(f.Text))
		if f.Hint != "" {
			fmt.Fprintf(&b, "      -> %s\n", line.One(f.Hint))
		}
	}
	return b.String()
}

// A record takes the findings of one check.
type record struct {
	check    string
	findings []Finding
}

func (r *record) ok(format string, args ...any) {
	r.findings = append(r.findings, Finding{r.check, OK, fmt.Sprintf(format, args...), ""})
}

func (r *record) warn(hint, format string, args ...any) {
	r.findings = append(r.findings, Finding{r.check, Warn, fmt.Sprintf(format, args...), hint})
}

func (r *record) fail(hint, format string, args ...any) {
	r.findings = append(r.findings, Finding{r.check, Fail, fmt.Sprintf(format, args...), hint})
}

// failBy takes text and hint from an error.
func (r *record) failBy(e *examination, err error) { r.fail(e.Hint(err), "%v", err) }
