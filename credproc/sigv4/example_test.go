package sigv4_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/mfad/mfad/credproc/sigv4"
)

// The request "get-vanilla" of AWS's test suite for Signature Version 4. The
// signer never has the secret access key: it asks for the signing key of one day, which
// a hardware token can compute.
func ExampleSign() {
	r, err := http.NewRequest(http.MethodGet, "https://example.amazonaws.com/", nil)
	if err != nil {
		log.Fatal(err)
	}
	key := sigv4.Key{
		ID: "AKIDEXAMPLE",
		Day: func(_ context.Context, day string) ([]byte, error) {
			fmt.Println("asked for the signing key of", day)
			return sigv4.SigningKey([]byte("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), day), nil
		},
	}
	const hashOfNoBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	terms := sigv4.Terms{
		Service: "service", Region: "us-east-1",
		At:      time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC),
		Payload: hashOfNoBody,
	}
	if err := sigv4.Sign(context.Background(), r, terms, key); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.ReplaceAll(r.Header.Get("Authorization"), ", ", "\n"))
	// Output:
	// asked for the signing key of 20150830
	// AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request
	// SignedHeaders=host;x-amz-date
	// Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
}
