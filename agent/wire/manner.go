package wire

// MethodPing is answered by any agent that runs at all, before anything of the
// call is looked at; one of an earlier version refuses it, which is an answer too.
const MethodPing = "agent.ping"

// AsksNobody tells that the agent answers a method at once: it asks nobody, and
// waits for no token and no network.
func AsksNobody(method string) bool {
	switch method {
	case MethodPing, MethodStatus, MethodStop, MethodVaultShow, MethodVaultLock, MethodKeyList, MethodDeviceList,
		MethodProfileShow, MethodProfileList, MethodSessionList, MethodSessionForget:
		return true
	}
	return false
}

// Repeatable tells that a method may be called again where nobody knows whether it
// took effect: twice is as good as once. A code that the first call took is not
// taken twice, and may be lost.
func Repeatable(method string) bool {
	switch method {
	case MethodSessionForget, MethodStop:
		return false // the result counts; the next agent is not meant
	case MethodVaultUnlock, MethodVaultVerify, MethodCredentials, MethodTokenList:
		return true
	}
	return AsksNobody(method)
}
