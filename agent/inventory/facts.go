package inventory

// The names of the facts as they stand in vault.json. They are never renamed: a
// vault of years ago has them. Two facts of two kinds of items may have one name.
const (
	// Of a device.
	deviceSerialFact = "serial" // AWS's name for it
	issuerFact       = "issuer"
	labelFact        = "account" // what the issuer calls the person
	algorithmFact    = "algorithm"
	digitsFact       = "digits"
	periodFact       = "periodSeconds"

	// Of a device or an access key whose secret is on tokens.
	tokensFact     = "tokens" // parted by blanks
	credentialFact = "credential"
	touchFact      = "touch"
	adoptedFact    = "adopted"

	// Of an access key, and of what may be done with it.
	keyIDFact     = "accessKeyId"
	endpointsFact = "endpoints" // parted by blanks

	// Of an OATH applet.
	tokenSerialFact = "serial" // of the token, as printed on it
	tokenFact       = "token"  // a token in words
	modelFact       = "model"  // of the token; older items have it in tokenFact alone

	// Of a slot that the OS keychain opens.
	entryFact = "account"

	// Of the settings.
	holdFact = "seconds"
)

const yes = "yes" // of touchFact and adoptedFact

// filled takes away the facts that say nothing.
func filled(facts map[string]string) map[string]string {
	for name, value := range facts {
		if value == "" {
			delete(facts, name)
		}
	}
	return facts
}
