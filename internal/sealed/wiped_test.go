package sealed

import (
	"encoding/json"
	"strings"
	"testing"
)

// Whichever way a secret leaves the cloakroom, its bytes are wiped.
func TestWhatLeavesTheCloakroomIsWiped(t *testing.T) {
	quoted := func(ticket string) []byte { return []byte(`"` + ticket + `"`) }
	for name, leave := range map[string]func(t *testing.T, value []byte){
		"written":           func(_ *testing.T, value []byte) { Fill(quoted(deposit(value))) },
		"decoded as bytes":  func(t *testing.T, value []byte) { decode(t, quoted(deposit(value)), new(Bytes)) },
		"decoded as a text": func(t *testing.T, value []byte) { decode(t, quoted(deposit(value)), new(Text)) },
		"never written": func(_ *testing.T, value []byte) {
			depositWritten(value)
			Drop()
		},
		"pushed out": func(_ *testing.T, value []byte) {
			depositWritten(value)
			for range mostWritten {
				depositWritten([]byte(`""`))
			}
		},
	} {
		value := []byte(`"Y29y"`)
		leave(t, value)
		if strings.Trim(string(value), "\x00") != "" {
			t.Errorf("%s: it stands there still", name)
		}
	}
	Drop()
	if left := len(cloakroom.waiting) + len(cloakroom.written); left > 0 {
		t.Errorf("the cloakroom has %d entries left", left)
	}
}

func TestSecretsOfAClosedStreamAreWiped(t *testing.T) {
	var tickets Tickets
	var values [][]byte
	issue := func() {
		values = append(values, []byte(`"Y29y"`))
		tickets.issue(values[len(values)-1])
	}
	for range mostTickets + 1 {
		issue()
	}
	if strings.Trim(string(values[0]), "\x00") != "" || values[1][0] == 0 {
		t.Error("one too many does not push out the first alone")
	}
	issue()
	tickets.Drop()
	for i, value := range values {
		if strings.Trim(string(value), "\x00") != "" {
			t.Errorf("secret %d stands there still", i)
		}
	}
	if left := len(cloakroom.waiting) + len(tickets.issued); left > 0 {
		t.Errorf("%d entries are left", left)
	}
}

func decode(t *testing.T, value []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(value, to); err != nil {
		t.Fatal(err)
	}
}
