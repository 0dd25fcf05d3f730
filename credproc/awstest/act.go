package awstest

import "net/http"

// act authenticates the request and does what it asks.
func (r *realm) act(req *http.Request, c call, entry *Entry) (any, *apiError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by, refusal := r.authenticateLocked(req, c.body)
	if refusal != nil {
		return nil, refusal
	}
	entry.KeyID, entry.Region = by.credential.id, by.region
	switch c.action() {
	case "GetSessionToken":
		return r.getSessionTokenLocked(by, c)
	case "AssumeRole":
		return r.assumeRoleLocked(by, c)
	default: // parseCall lets no other pass
		return r.getCallerIdentityLocked(by)
	}
}
