//go:build goexperiment.runtimesecret

package forget

import "runtime/secret"

func do(f func()) { secret.Do(f) }
