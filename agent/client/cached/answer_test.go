package cached

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sourcegraph/jsonrpc2"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/sealed"
)

// answer is what an agent sends for a result, without the newline.
func answer(t testing.TB, result any) []byte {
	t.Helper()
	r := jsonrpc2.Response{ID: jsonrpc2.ID{Num: 1}}
	if err := r.SetResult(result); err != nil {
		t.Fatal(err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Fill(line)
}

func TestDocumentIsTheAgents(t *testing.T) {
	session := credproc.Credentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "abc/def+ghi=", SessionToken: strings.Repeat("IQoJb3JpZ2lu/+", 100) + "==",
		Expiration: time.Unix(1800000000, 0), AccountID: "123456789012",
	}
	bare := session
	bare.AccountID = ""
	for _, creds := range []credproc.Credentials{session, bare} {
		for _, region := range []string{"eu-central-1", ""} {
			got, ok := document(answer(t, wire.CredentialsResult{Document: creds.Document(), Region: region}))
			if want := bytes.TrimSuffix(creds.Document(), []byte("\n")); !ok || !bytes.Equal(got, want) {
				t.Errorf("region %q: got %d bytes, %v", region, len(got), ok)
			}
		}
	}
}

func TestAnswerOfAnotherFormHasNoDocument(t *testing.T) {
	short := credproc.Credentials{AccessKeyID: "A", SecretAccessKey: "b"}
	good := string(answer(t, wire.CredentialsResult{Document: short.Document(), Region: "r"}))
	if _, ok := document([]byte(good)); !ok {
		t.Fatalf("no document in %s", good)
	}
	for _, row := range []struct{ name, answer string }{
		{"nothing", ""},
		{"nothing cached", string(answer(t, wire.CredentialsResult{}))},
		{"refused", `{"id":1,"error":{"code":2,"message":"mfad speaks protocol 1"},"jsonrpc":"2.0"}`},
		{"another id", strings.Replace(good, `"id":1`, `"id":2`, 1)},
		{"another version", strings.Replace(good, `"Version":1`, `"Version":2`, 1)},
		{"space", strings.Replace(good, `":`, `": `, 1)},
		{"an escape", strings.Replace(good, `:"b"`, `:"\u0062"`, 1)},
		{"a control character", strings.Replace(good, `:"b"`, ":\"b\x1b\"", 1)},
		{"not ASCII", strings.Replace(good, `:"b"`, `:"é"`, 1)},
		{"a nested object", strings.Replace(good, `:"b"`, `:{"b":"c"}`, 1)},
		{"a number", strings.Replace(good, `:"b"`, `:3`, 1)},
		{"a member without a name", strings.Replace(good, `"SecretAccessKey"`, `""`, 1)},
		{"a call back", `{"jsonrpc":"2.0","id":1,"method":"prompt.secret","params":{}}`},
		{"something behind", good + good},
		{"a member more", strings.Replace(good, `,"jsonrpc"`, `,"meta":1,"jsonrpc"`, 1)},
	} {
		if row.answer == good {
			t.Fatalf("%s: the row changes nothing", row.name)
		}
		if doc, ok := document([]byte(row.answer)); ok {
			t.Errorf("%s: %s", row.name, doc)
		}
	}
	for n := range len(good) {
		if _, ok := document([]byte(good[:n])); ok {
			t.Errorf("a document in the first %d bytes", n)
		}
	}
}

// Whatever comes, a document that is cut out is the one that a JSON library
// finds there.
func FuzzDocument(f *testing.F) {
	short := credproc.Credentials{AccessKeyID: "A", SecretAccessKey: "b", SessionToken: "c"}
	good := answer(f, wire.CredentialsResult{Document: short.Document(), Region: "r"})
	f.Add(good)
	f.Add(answer(f, wire.CredentialsResult{Document: credproc.Credentials{AccessKeyID: "A"}.Document()}))
	f.Add(answer(f, wire.CredentialsResult{}))
	f.Add(bytes.Replace(good, []byte(`"c"`), []byte(`"c","c":"\"}"`), 1))
	f.Fuzz(func(t *testing.T, line []byte) {
		doc, ok := document(line)
		if !ok {
			return
		}
		var m wire.Message
		var result wire.CredentialsResult
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatalf("a document in what is no JSON: %v", err)
		}
		if err := json.Unmarshal(m.Result, &result); err != nil {
			t.Fatalf("a document in what is no result: %v", err)
		}
		if m.Error != nil || string(m.ID) != "1" || !bytes.Equal(doc, result.Document) {
			t.Errorf("cut out %q, and it is %q", doc, result.Document)
		}
	})
}
