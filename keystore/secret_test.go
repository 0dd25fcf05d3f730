package keystore

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// TestSecretPrintsNothing looks for the secret under every spelling that fmt
// and the encoders have: text, hex, list of numbers.
func TestSecretPrintsNothing(t *testing.T) {
	const text = "hunter2-hunter2"
	s := newSecret([]byte(text))
	defer s.Destroy()
	type holder struct {
		Public  *Secret
		Value   Secret
		private *Secret
		value   Secret
		boxed   any
	}
	h := holder{s, *s, s, *s, s}
	leaks := []string{
		text, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), fmt.Sprintf("% x", text),
		strings.Trim(fmt.Sprint([]byte(text)), "[]"), strings.Trim(fmt.Sprintf("%#v", []byte(text)), "[]byte{}"),
		"aHVudGVyMi1odW50ZXIy", // base64, as JSON spells bytes
	}
	check := func(how, got string) {
		t.Helper()
		for _, leak := range leaks {
			if strings.Contains(got, leak) {
				t.Errorf("%s leaks %q", how, leak)
			}
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "% x", "%q", "%d", "%c", "%b", "%o", "%U", "%t", "%p", "%T"} {
		for _, v := range []any{s, *s, h, &h, []*Secret{s}, map[string]Secret{"a": *s}, fmt.Errorf("wrapped %v", s)} {
			check(fmt.Sprintf("%s of %T", verb, v), fmt.Sprintf(verb, v))
		}
		if got := fmt.Sprintf(verb, s); got != redacted && verb != "%p" && verb != "%T" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	for _, v := range []any{s, *s, h, map[string]any{"a": s}} {
		got, err := json.Marshal(v)
		if err != nil || !bytes.Contains(got, []byte(`"[redacted]"`)) {
			t.Errorf("JSON of %T: %s, %v", v, got, err)
		}
		check("JSON", string(got))
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("message", "pointer", s, "value", *s, "holder", h, slog.Group("group", "a", s))
	}
	check("slog", log.String())
	if n := strings.Count(log.String(), redacted); n < 8 {
		t.Errorf("slog redacted %d times: %s", n, &log)
	}
}

func TestNewSecretMovesTheBytes(t *testing.T) {
	for _, n := range []int{0, 1, 4096, 4097, maxSecret} {
		from := bytes.Repeat([]byte{'a'}, n)
		s := newSecret(from)
		if !bytes.Equal(from, make([]byte, n)) {
			t.Errorf("%d bytes: the source was not wiped", n)
		}
		if !bytes.Equal(s.Bytes(), bytes.Repeat([]byte{'a'}, n)) {
			t.Errorf("%d bytes: got %d", n, len(s.Bytes()))
		}
		if cap(s.Bytes()) != n {
			t.Errorf("%d bytes: append would run into the page", n)
		}
		s.Destroy()
		s.Destroy()
		if s.Bytes() != nil {
			t.Errorf("%d bytes: destroyed, and holds %d", n, len(s.Bytes()))
		}
	}
	var none *Secret
	none.Destroy()
	if none.Bytes() != nil {
		t.Error("nil holds bytes")
	}
}

func TestSecretIsDestroyedOnceByMany(t *testing.T) {
	s := newSecret([]byte("x"))
	var all sync.WaitGroup
	for range 16 {
		all.Go(s.Destroy)
		all.Go(func() { s.Bytes() })
	}
	all.Wait()
}
