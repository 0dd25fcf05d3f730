//go:build cgo && linux

package piv

import (
	"crypto/x509"
	"fmt"
	"os"
	"testing"

	"github.com/mfad/mfad/token/tokentest"
)

// readers of the private pcscd; a test that runs has one to itself.
const readers = 12

var (
	service *tokentest.Service
	free    = make(chan int, readers) // readers that no test has
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		runChild(text)
		return
	}
	os.Exit(func() int {
		var err error
		service, err = tokentest.StartService(tokentest.Options{Readers: readers})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer service.Close() //nolint:errcheck // the tests are over
		// libpcsclite reads this once, before its first call.
		if err := os.Setenv("PCSCLITE_CSOCK_NAME", service.Socket); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		for n := range readers {
			free <- n
		}
		roots = x509.NewCertPool()
		roots.AddCert(tokentest.TestCA().Certificate())
		return m.Run()
	}())
}
