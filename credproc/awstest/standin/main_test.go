package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestStandinServesUntilItsInputCloses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "account")
	stdin, hold := io.Pipe()
	says, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(t.Context(), dir, stdin, stdout) }()
	line := make([]byte, 4096)
	n, err := says.Read(line) // all is ready when it says so
	if err != nil {
		t.Fatal(err)
	}

	csv := read(t, dir, "accessKeys.csv")
	head, row, _ := strings.Cut(csv, "\r\n")
	id, secret, found := strings.Cut(row, ",")
	if head != "Access key ID,Secret access key" || !found {
		t.Fatalf("the CSV begins with %q and lacks a key", head)
	}
	if bytes.Contains(line[:n], []byte(secret)) {
		t.Error("the secret is on standard output")
	}
	url := read(t, dir, "endpoint")
	client := sts.New(sts.Options{
		Region: "eu-west-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
	who, err := client.GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := read(t, dir, "user.arn"); *who.Arn != want {
		t.Errorf("got ARN %s, want %s", *who.Arn, want)
	}
	if journal := read(t, dir, "journal"); !strings.HasSuffix(journal, " GetCallerIdentity OK") {
		t.Errorf("got journal %q", journal)
	}
	for _, name := range []string{"ReadOnly.arn", "Admin.arn", "Deploy.arn", "device.arn"} {
		if arn := read(t, dir, name); !strings.HasPrefix(arn, "arn:aws:iam::123456789012:") {
			t.Errorf("%s has %q", name, arn)
		}
	}
	if uri := read(t, dir, "device.uri"); !strings.HasPrefix(uri, "otpauth://totp/") {
		t.Error("device.uri has no otpauth URI")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %v, %v", e.Name(), info.Mode(), err)
		}
	}

	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on after its input has closed")
	}
}
