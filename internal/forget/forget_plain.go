//go:build !goexperiment.runtimesecret

package forget

func do(f func()) { f() }
