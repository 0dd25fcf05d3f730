package awstest

import "net/http"

// act authenticates the request and does what it asks.
func (r *realm) act(req *http.Request, c call, entry *Entry) (any, *apiError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := operations[c.action()] // parseCall lets no other pass
	by, refusal := r.authenticateLocked(req, c.body, o.service.name)
	if refusal != nil {
		return nil, refusal
	}
	entry.KeyID, entry.Region = by.credential.id, by.region
	return o.do(r, by, c)
}
