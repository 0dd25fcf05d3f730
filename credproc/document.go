package credproc

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// document is the JSON of the credential_process contract, which we write and
// read.
type document struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string  `json:",omitempty"`
	Expiration      string  `json:",omitempty"`
	AccountID       account `json:"AccountId,omitempty"`
}

// account is an AWS account of 12 digits, or empty. Some programs print it as a
// number, which has lost the zeros that it begins with.
type account string

// UnmarshalJSON takes a text or a number.
func (a *account) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil { // null is none
		*a = account(text)
		return nil
	}
	var number uint64
	err := json.Unmarshal(data, &number)
	*a = account(fmt.Sprintf("%012d", number))
	return err
}

const documentVersion = 1

// Document is the JSON that the credential_process contract asks for
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html),
// on one line with its newline. Expiration has whole seconds and ends in Z.
func (c Credentials) Document() []byte {
	doc, err := json.Marshal(document{
		Version: documentVersion, AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		SessionToken: c.SessionToken, Expiration: formatTime(c.Expiration), AccountID: account(c.AccountID),
	})
	if err != nil {
		panic(err) // five strings and a number always marshal
	}
	return append(doc, '\n')
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}

// ParseDocument reads what a credential_process printed, for who is told what it
// did wrong. It wraps ErrExpired when the credentials have ended by now. Its
// errors show nothing of the text.
func ParseDocument(text []byte, now time.Time) (Credentials, error) {
	var doc document
	if json.Unmarshal(text, &doc) != nil {
		return Credentials{}, errors.New("it did not print one JSON object of the credential_process contract")
	}
	if doc.Version != documentVersion {
		return Credentials{}, fmt.Errorf("it printed Version %d of the contract, not 1", doc.Version)
	}
	if doc.AccessKeyID == "" || doc.SecretAccessKey == "" {
		return Credentials{}, errors.New("it printed no AccessKeyId or no SecretAccessKey")
	}
	creds := Credentials{
		AccessKeyID: doc.AccessKeyID, SecretAccessKey: doc.SecretAccessKey,
		SessionToken: doc.SessionToken, AccountID: string(doc.AccountID),
	}
	if doc.Expiration != "" {
		end, err := time.Parse(time.RFC3339, doc.Expiration)
		if err != nil {
			return Credentials{}, errors.New("it printed an Expiration that is not RFC 3339")
		}
		if !end.After(now) {
			return Credentials{}, fmt.Errorf("it printed credentials that expired at %s: %w", formatTime(end), ErrExpired)
		}
		creds.Expiration = end.UTC()
	}
	return creds, nil
}
