package totp_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/mfad/mfad/internal/durable"
	"github.com/mfad/mfad/token/totp"
)

// The URI is what a QR code holds. Its secret is that of RFC 6238, appendix B,
// and the code is the first of that table.
func ExampleParse() {
	uri := []byte("otpauth://totp/AWS:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8")
	keys, err := totp.Parse(uri)
	if err != nil {
		log.Fatal(err)
	}
	defer totp.WipeAll(keys)

	key := keys[0]
	code, err := key.Code(time.Unix(59, 0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.Issuer, key.Account, key.Algorithm, key.Period)
	fmt.Println("code:", code)
	fmt.Println("seed:", key.Seed) // no verb of fmt prints it
	// Output:
	// AWS alice SHA1 30s
	// code: 94287082
	// seed: [redacted]
}

// A step is released once. The second caller would wait for the next step, and
// takes this one only because the first gives it back.
func ExampleLedger() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	now := time.Date(2026, 1, 2, 12, 0, 10, 0, time.UTC)
	ledger, err := totp.OpenLedger(durable.OS, filepath.Join(dir, "ledger.json"), totp.Clock{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}

	const phone, period = "arn:aws:iam::123456789012:mfa/alice", 30 * time.Second
	step, err := ledger.Take(context.Background(), phone, period, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("step of:", step.At.UTC().Format(time.TimeOnly))
	fmt.Println("next in:", ledger.NextIn(phone, period))

	step.Return() // AWS cannot have seen the code
	fmt.Println("next in:", ledger.NextIn(phone, period))
	// Output:
	// step of: 12:00:00
	// next in: 20s
	// next in: 0s
}
