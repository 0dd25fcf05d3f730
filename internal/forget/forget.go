// Package forget runs what must hold a secret in memory that nobody can wipe,
// such as a string that a library wants, and has it wiped all the same.
//
// It is for what has no better way: bytes that we own are wiped where they are
// dropped (clear), and those that live on stand in a page of their own
// (keystore.Secret). It needs a program that was built with
// GOEXPERIMENT=runtimesecret, as `make build` does, on Linux on amd64 or arm64;
// elsewhere the memory is freed and not wiped.
package forget

import "runtime"

// Do calls f. What f has allocated is wiped when the collector finds that nobody
// uses it any more, and its stack when f returns. It does not hold for goroutines
// that f starts, nor for memory that was there before, such as a pool's or a
// reader's buffer. An allocation in f costs two microseconds more: it is for
// work that is seldom.
func Do(f func()) { do(f) }

// Value is [Do] of a function with a result.
func Value[T any](f func() (T, error)) (result T, err error) {
	do(func() { result, err = f() })
	return result, err
}

// Collect has the collector wipe now what nobody uses any more. It takes some
// milliseconds. The second round frees what pools gave up in the first.
func Collect() {
	runtime.GC()
	runtime.GC()
}
