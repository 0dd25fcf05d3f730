package token_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"

	"filippo.io/age"

	"github.com/mfad/mfad/token"
)

// softToken is a token that is made of software: an age key stands in for the
// one that hardware keeps.
type softToken struct{ key *age.X25519Identity }

func (s softToken) Wrap(_ context.Context, p token.WrapParams, _ token.Person) (token.WrapResult, error) {
	stanzas, err := s.key.Recipient().Wrap(p.FileKey)
	return token.WrapResult{Stanzas: token.Stanzas(stanzas)}, err
}

func (s softToken) Unwrap(_ context.Context, p token.UnwrapParams, _ token.Person) (token.UnwrapResult, error) {
	fileKey, err := s.key.Unwrap(token.AgeStanzas(p.Stanzas))
	return token.UnwrapResult{FileKey: fileKey, Token: token.Token{Model: "Soft Token", Serial: "12345678"}}, err
}

// A key on a token is an age recipient and an age identity, so that age's own
// functions encrypt to it and decrypt with it. A [token.Helper] has it done by
// mfad-token, which asks the person for PIN and touch.
func ExampleKey() {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		log.Fatal(err)
	}
	var nobody token.Person // a software token asks no one
	key := token.KeyBy(context.Background(), softToken{made}, "AGE-PLUGIN-MFAD-1…", 0, nobody)

	var file bytes.Buffer
	w, err := age.Encrypt(&file, key)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(w, "a secret"); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	r, err := age.Decrypt(&file, key)
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, opened by %s\n", text, key.Token())
	// Output: a secret, opened by Soft Token (serial 12345678)
}
