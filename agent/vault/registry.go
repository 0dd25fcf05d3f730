package vault

import "github.com/mfad/mfad/token"

// allWays are the kinds of slots, in the order in which they are named, and tried
// among those that ask alike. A new kind is one more row.
func allWays(kinds token.Kinds) ways {
	all := ways{passphraseWay, keychainWay, recoveryWay, pluginWay}
	for _, kind := range kinds {
		all = append(all, tokenWay(kind))
	}
	return all
}
