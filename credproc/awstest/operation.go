package awstest

// A service is one of AWS's that speaks the query protocol.
type service struct {
	name      string // in the scope of a signature
	version   string // of its API, the only one
	namespace string // of its answers
}

var securityTokens = service{"sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"}

// An operation is what the stand-in serves: whose it is, and what it does. The
// realm's mutex is held meanwhile.
type operation struct {
	service service
	do      func(r *realm, by caller, c call) (any, *apiError)
}

// operations has a row for each.
var operations = map[string]operation{
	"GetSessionToken":   {securityTokens, (*realm).getSessionTokenLocked},
	"AssumeRole":        {securityTokens, (*realm).assumeRoleLocked},
	"GetCallerIdentity": {securityTokens, (*realm).getCallerIdentityLocked},
}

// asked is the service that an action belongs to; STS when that is not known.
func asked(action string) service {
	if o, known := operations[action]; known {
		return o.service
	}
	return securityTokens
}
