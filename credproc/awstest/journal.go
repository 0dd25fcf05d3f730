package awstest

import "time"

// OK is the verdict of a request that was granted.
const OK = "OK"

// Entry is one request as the server saw it. What it did not come to see,
// because it refused or dropped the request before, is empty.
type Entry struct {
	Time        time.Time // the server's
	Action      string
	KeyID       string // of the access key whose signature held
	Region      string // of the signature
	Serial      string
	Code        string // spent or wrong by now, whatever the verdict
	RoleARN     string
	SessionName string
	Duration    string // as asked for
	Verdict     string // OK, or the error code of the answer, or the fault
	Message     string // of the refusal
	Fault       Fault
}

func (e *Entry) describe(c call, r *apiError) {
	e.Action = c.action()
	e.Serial, e.Code = c.params.Get("SerialNumber"), c.params.Get("TokenCode")
	e.RoleARN, e.SessionName = c.params.Get("RoleArn"), c.params.Get("RoleSessionName")
	e.Duration = c.params.Get("DurationSeconds")
	if e.Verdict = OK; r != nil {
		e.Verdict, e.Message = r.Code, r.Message
	}
}
