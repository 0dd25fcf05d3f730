package cmd_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/awstest/foreign"
)

// A judge is a program or library that nobody here wrote, which takes its
// credentials from mfad through credential_process. It returns the ARN that
// the stand-in says it speaks for, or what it told its user.
type judge struct {
	name   string
	caller func(h *home, profile string) (arn, refusal string)
}

var judges = []judge{
	{"aws", awsCLI},
	{"javascript", javaScript},
	{"go", goSDK},
}

// apart lets the test run beside others, but for the Go SDK's: it needs this
// process's environment for itself.
func (j judge) apart(t *testing.T) {
	if j.name != "go" {
		t.Parallel()
	}
}

func awsCLI(h *home, profile string) (arn, refusal string) {
	h.Helper()
	r := run(h.TB, h.env, "", foreign.AWS(h.TB), "--profile", profile, "--endpoint-url", h.url, "sts", "get-caller-identity", "--query", "Arn", "--output", "text")
	if r.code != 0 {
		return "", r.stderr
	}
	return strings.TrimSpace(r.stdout), ""
}

func javaScript(h *home, profile string) (arn, refusal string) {
	h.Helper()
	node := foreign.Node(h.TB, "identity.mjs")
	r := run(h.TB, append(slices.Clone(h.env), "AWS_PROFILE="+profile, "AWS_ENDPOINT_URL_STS="+h.url), "", node[0], node[1:]...)
	if r.code != 0 {
		return "", r.stderr
	}
	return strings.TrimSpace(r.stdout), ""
}

func goSDK(h *home, profile string) (arn, refusal string) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// The SDK runs credential_process in this process's environment.
	for _, kv := range h.env {
		name, value, _ := strings.Cut(kv, "=")
		h.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigProfile(profile),
		config.WithSharedConfigFiles([]string{h.path(".aws/config")}),
		config.WithSharedCredentialsFiles([]string{h.path(".aws/credentials")}),
		config.WithBaseEndpoint(h.url), config.WithRetryMaxAttempts(1))
	if err != nil {
		h.Fatal(err)
	}
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", err.Error()
	}
	return *out.Arn, ""
}

func TestForeignClientsGetSessionsAndRolesOverOneCode(t *testing.T) {
	for _, c := range judges {
		t.Run(c.name, func(t *testing.T) {
			c.apart(t)
			h := newHome(t).furnish()
			for profile, want := range map[string]string{
				"session": h.alice.ARN,
				"deploy":  "arn:aws:sts::123456789012:assumed-role/deploy/",
				"prod":    "arn:aws:sts::123456789012:assumed-role/prod/",
			} {
				arn, refusal := c.caller(h, profile)
				if !strings.HasPrefix(arn, want) {
					t.Errorf("profile %s: got %q, refused by %q; want %s…", profile, arn, refusal, want)
				}
			}
			if n := h.aws.Count("GetSessionToken"); n != 1 {
				t.Errorf("%d calls of GetSessionToken, want one session for all", n)
			}
			if codes := sentCodes(h.aws); len(codes) != 1 {
				t.Errorf("%d codes sent, want 1", len(codes))
			}
		})
	}
}

// sentCodes are the codes that the stand-in has seen.
func sentCodes(s *awstest.Server) (codes []string) {
	for _, e := range s.Journal() {
		if e.Code != "" {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

func TestForeignClientsShowWhyAWSRefused(t *testing.T) {
	for _, c := range judges {
		t.Run(c.name, func(t *testing.T) {
			t.Run("wrong secret", func(t *testing.T) {
				c.apart(t)
				h := newHome(t)
				h.key.Secret = strings.Repeat("A", len(h.key.Secret))
				expectRefusal(h.furnish(), c, "SignatureDoesNotMatch", "secret")
			})
			t.Run("wrong device", func(t *testing.T) {
				c.apart(t)
				h := newHome(t)
				h.phone.Serial = "arn:aws:iam::123456789012:mfa/somebody"
				expectRefusal(h.furnish(), c, "AccessDenied", "arn:aws:iam::123456789012:mfa/somebody")
			})
		})
	}
}

// expectRefusal calls with a profile that AWS refuses, and expects the
// stand-in's verdict and, where the client shows our stderr, our word for it.
func expectRefusal(h *home, c judge, verdict, word string) {
	h.Helper()
	arn, refusal := c.caller(h, "session")
	if arn != "" {
		h.Fatalf("got credentials of %s", arn)
	}
	journal := h.aws.Journal()
	if last := journal[len(journal)-1]; last.Verdict != verdict {
		h.Errorf("the stand-in's verdict is %s (%s), want %s", last.Verdict, last.Message, verdict)
	}
	var status struct{ Faults []struct{ Text string } }
	if err := json.Unmarshal([]byte(h.do("", "status", "--json")), &status); err != nil {
		h.Fatal(err)
	}
	// The Go SDK lets the process's stderr through to the terminal, and the
	// JavaScript SDK hides it: mfad keeps the reason.
	if c.name == "aws" && !strings.Contains(refusal, word) {
		h.Errorf("aws says %q, want a word of %q", refusal, word)
	}
	if len(status.Faults) == 0 || !strings.Contains(status.Faults[0].Text, word) {
		h.Errorf("mfad status says %+v, want a word of %q", status.Faults, word)
	}
}
