package wire

import (
	"time"
)

// Status is the agent at a glance.
type Status struct {
	Version     string    `json:"version"`
	PID         int       `json:"pid"`
	Started     time.Time `json:"started"`
	Socket      string    `json:"socket"`
	ConfigFiles []string  `json:"configFiles"` // that it reads, in the order of precedence
	Connections int       `json:"connections"`
	SkewMillis  int64     `json:"skewMillis"` // to add to our clock, as AWS told
	// Detours are the settings by which requests to AWS go elsewhere, by a proxy or
	// with other certificates than the system's.
	Detours    []Value   `json:"detours,omitempty"`
	Vault      *Vault    `json:"vault,omitempty"`
	VaultFault string    `json:"vaultFault,omitempty"` // why a vault that is there cannot be read
	Sessions   []Session `json:"sessions"`
	// Warnings are what the person should mend, one line each: who else can change
	// mfad's files, what cannot be written, what others have meddled with.
	Warnings []string `json:"warnings,omitempty"`
	// Faults are the last refusals, newest first: SDKs hide them.
	Faults []Fault `json:"faults,omitempty"`
}

// Fault is a refused request, kept for status.
type Fault struct {
	At      time.Time `json:"at"`
	Profile string    `json:"profile,omitempty"`
	Text    string    `json:"text"`
}
