package awstest

import (
	"sync"
	"time"
)

// DefaultAccount owns the users and roles of a [Server] unless told otherwise.
const DefaultAccount = "123456789012"

// realm is what AWS knows: who there is, and what time it is. Everything is
// judged by it.
type realm struct {
	now       func() time.Time
	partition string
	region    string

	mu          sync.Mutex
	users       map[string]*User       // by ARN
	roles       map[string]*roleRecord // by ARN
	credentials map[string]*credential // by access key id
	skew        time.Duration
	window      int
}

// clock is AWS's time, which may differ from the caller's.
func (r *realm) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.clockLocked()
}

func (r *realm) clockLocked() time.Time { return r.now().Add(r.skew).UTC() }

// iamARN names a resource of an account.
func (r *realm) iamARN(account, resource string) string {
	return "arn:" + r.partition + ":iam::" + account + ":" + resource
}
