package wire

// PromptSecretParams asks for a secret, without echo. New asks twice.
type PromptSecretParams struct {
	ID    string `json:"id"`
	What  string `json:"what"`            // such as: passphrase of vault "default"
	Again string `json:"again,omitempty"` // why the last answer would not do
	New   bool   `json:"new,omitempty"`
	// Token and Tries are of a PIN: which token wants it, in words, and how many
	// tries are left, 0 when that is not known. Profile and Asker tell what it
	// is for, as far as it can be claimed.
	Token   string `json:"token,omitempty"`
	Tries   int    `json:"tries,omitempty"`
	Profile string `json:"profile,omitempty"`
	Asker   string `json:"asker,omitempty"`
}

// PromptSecretResult is the answer; Dismissed when the person declined.
type PromptSecretResult struct {
	Secret    []byte `json:"secret,omitempty"` // base64 on the wire
	Dismissed bool   `json:"dismissed,omitempty"`
}

// PromptCodeParams asks for the code that a device shows.
type PromptCodeParams struct {
	ID      string `json:"id"`
	Profile string `json:"profile,omitempty"`
	RoleARN string `json:"roleArn,omitempty"`
	Account string `json:"account,omitempty"`
	Serial  string `json:"serial,omitempty"`
	Asker   string `json:"asker,omitempty"` // who asks, as far as it can be claimed
	Again   string `json:"again,omitempty"`
}

// PromptCodeResult is the answer; Dismissed when the person declined.
type PromptCodeResult struct {
	Code      string `json:"code,omitempty"`
	Dismissed bool   `json:"dismissed,omitempty"`
}

// PromptConfirmParams asks a yes-or-no question; no is the default.
type PromptConfirmParams struct {
	ID       string `json:"id"`
	Question string `json:"question"`
	// Profile and Asker are as in PromptSecretParams.
	Profile string `json:"profile,omitempty"`
	Asker   string `json:"asker,omitempty"`
}

// PromptConfirmResult is the answer.
type PromptConfirmResult struct {
	Yes bool `json:"yes"`
}

// PromptNoticeParams shows a line while the call waits; empty takes it away.
type PromptNoticeParams struct {
	Text string `json:"text"`
}

// PromptCancelParams withdraws a prompt: its answer is wanted no more.
type PromptCancelParams struct {
	ID string `json:"id"`
}
