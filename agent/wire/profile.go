package wire

import (
	"time"
)

// ProfileShowParams asks how a profile resolves; nothing is fetched.
type ProfileShowParams struct {
	Profile string `json:"profile"`
	Region  string `json:"region,omitempty"`
}

// ProfileName implements [ProfileNamer].
func (p ProfileShowParams) ProfileName() string { return p.Profile }

// Chain is a resolved profile.
type Chain struct {
	Profile string `json:"profile"`
	Region  *Value `json:"region,omitempty"`
	Steps   []Step `json:"steps"`
	Fault   string `json:"fault,omitempty"` // why aws does not get that far
}

// Step is one link of a chain, as settings in the order to show them.
type Step struct {
	Kind     string  `json:"kind"`
	Profile  string  `json:"profile,omitempty"`
	At       string  `json:"at,omitempty"` // FILE:LINE
	Settings []Value `json:"settings,omitempty"`
	// Session tells of a live cached session of this step.
	Session *Session `json:"session,omitempty"`
}

// Value is one setting and the place that it came from.
type Value struct {
	Name string `json:"name"`
	Text string `json:"text"`
	From string `json:"from"`
}

// Profile is one line of a listing.
type Profile struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Served  bool   `json:"served"`            // aws finds mfad's credential_process for it
	RoleARN string `json:"roleArn,omitempty"` // as far as it resolves
	Source  string `json:"source,omitempty"`
	Fault   string `json:"fault,omitempty"` // why it does not resolve
}

// Session is a cached session without its secrets.
type Session struct {
	ID          string    `json:"id"` // stable while it is cached
	Kind        string    `json:"kind"`
	AccessKeyID string    `json:"accessKeyId"`
	Identity    string    `json:"identity,omitempty"` // the key or role that it is of
	Account     string    `json:"account,omitempty"`
	Serial      string    `json:"serial,omitempty"`
	Profiles    []string  `json:"profiles,omitempty"` // that asked for it
	Expires     time.Time `json:"expires"`
	Refreshing  bool      `json:"refreshing,omitempty"`
	Fault       string    `json:"fault,omitempty"` // of the last refresh
}

// SessionForgetParams: an id, a profile, or All.
type SessionForgetParams struct {
	ID      string `json:"id,omitempty"`
	Profile string `json:"profile,omitempty"`
	All     bool   `json:"all,omitempty"`
}

// SessionForgetResult counts what was forgotten.
type SessionForgetResult struct {
	Forgotten int `json:"forgotten"`
}
