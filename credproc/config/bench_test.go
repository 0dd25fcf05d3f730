package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// testTime is old enough for a reader to trust a file's time.
var testTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// many writes 50,000 role profiles over one identity.
func many(b *testing.B) *Reader {
	b.Helper()
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "[profile team-%05d]\n# role %d\nrole_arn = arn:aws:iam::111122223333:role/r%d\nsource_profile = base\nregion = eu-west-1\n\n", i, i, i)
	}
	r := setup(b, "[profile base]\nmfad_access_key = base\nmfa_serial = "+userDevice+"\n", text.String(), "", nil)
	if err := os.Chtimes(r.Paths().Config, testTime, testTime); err != nil {
		b.Fatal(err)
	}
	if err := os.Chtimes(r.Paths().Mfad, testTime, testTime); err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkResolveOneOf50000 is one profile out of 50,000: warm, all files
// looked at and none changed; and cold, all files read.
func BenchmarkResolveOneOf50000(b *testing.B) {
	r := many(b)
	q := Query{Profile: "team-31337"}
	b.Run("warm", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Resolve(q); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := NewReader(r.Paths(), os.Getenv).Resolve(q); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkProfilesOf50000 is the listing that completion asks for.
func BenchmarkProfilesOf50000(b *testing.B) {
	r := many(b)
	for b.Loop() {
		if _, err := r.Profiles(); err != nil {
			b.Fatal(err)
		}
	}
}
