// Package cached is the agent's least client: it asks for a profile's
// credentials, only if they are in the agent's cache, and takes the document
// out of the answer. cmd/mfad calls it on every aws command.
//
// There is one question and no second one. Whatever is not a document at once
// is nothing: no agent, a vault that is locked, a cold profile, an agent of
// another version. The caller then leaves the question to mfad-cli, which says
// what is wrong, starts the agent and asks the person; so nothing here has an
// error to tell.
//
// A process that lives for a millisecond pays for what it links, so the package
// has no net, no fmt and no encoding/json: the request has one form, and so has
// the answer. What it does as package agent/client does is whom it trusts: the
// rule of internal/socket holds for the socket, its folder and its other end.
package cached

import "strings"

// Profile recognises the command line that stands in config files, exactly:
// `credentials --profile NAME`. A name that looks like a flag is left to a
// parser of flags.
func Profile(args []string) (profile string, ok bool) {
	switch {
	case len(args) == 3 && args[0] == "credentials" && args[1] == "--profile":
		profile = args[2]
	case len(args) == 2 && args[0] == "credentials":
		profile, _ = strings.CutPrefix(args[1], "--profile=")
		ok = profile != args[1]
	}
	return profile, profile != "" && !strings.HasPrefix(profile, "-") && (ok || len(args) == 3)
}

// Region is the one variable of the caller's environment that a request carries.
func Region(getenv func(string) string) string {
	if region := getenv("AWS_REGION"); region != "" {
		return region
	}
	return getenv("AWS_DEFAULT_REGION")
}

// The request, around the profile's name and the region's. It is a call of
// agent/wire's MethodCredentials with its CredentialsParams.
const (
	requestHead   = `{"jsonrpc":"2.0","id":1,"method":"credentials","params":{"v":2,"client":"","tty":false,"params":{"profile":"`
	requestRegion = `","region":"`
	requestTail   = `","cached":true}}}` + "\n"
)

// request is the one line to send. There is none for a name that JSON would
// have to escape, or that the agent would refuse.
func request(profile, region string) (line string, ok bool) {
	if !plain(profile) || region != "" && !plain(region) {
		return "", false
	}
	if region != "" {
		region = requestRegion + region
	}
	return requestHead + profile + region + requestTail, true
}

// longestName is what a profile's name may have, in bytes.
const longestName = 64

// plain tells whether a name is of the letters that a profile's name may have.
func plain(name string) bool {
	if name == "" || len(name) > longestName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !letter(c) && (c < '0' || c > '9') && strings.IndexByte("_.@/+:-", c) < 0 {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
