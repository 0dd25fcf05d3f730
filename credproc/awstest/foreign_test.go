package awstest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/credproc/awstest/foreign"
)

// answer is what a client made of the stand-in's answer: an output, or a
// refusal's code and message.
type answer struct {
	Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }
	Arn         string // of GetCallerIdentity

	code, message string
}

// ask is one call by one client: as whom, which command, and its input.
type ask struct {
	id, secret, token string
	command           string
	input             map[string]any
}

// judges are clients that nobody here wrote.
var judges = []struct {
	name string
	call func(t *testing.T, w *world, a ask) answer
}{
	{"aws", callAWSCLI},
	{"javascript", callJavaScript},
	{"go", callGoSDK},
}

// environ is a child's whole environment: static credentials, no files.
func (a ask) environ(t *testing.T) []string {
	t.Helper()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "LANG=C.UTF-8", "AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1", "AWS_ACCESS_KEY_ID=" + a.id, "AWS_SECRET_ACCESS_KEY=" + a.secret,
	}
	if a.token != "" {
		env = append(env, "AWS_SESSION_TOKEN="+a.token)
	}
	return env
}

var (
	cliWords = regexp.MustCompile(`[A-Z][a-z]+`)
	cliError = regexp.MustCompile(`(?s)An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: \d+\))?: (.*)`)
)

func callAWSCLI(t *testing.T, w *world, a ask) answer {
	t.Helper()
	input := filepath.Join(t.TempDir(), "input.json")
	text, err := json.Marshal(a.input)
	if err == nil {
		err = os.WriteFile(input, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	verb := strings.ToLower(strings.Join(cliWords.FindAllString(a.command, -1), "-"))
	cmd := exec.CommandContext(t.Context(), foreign.AWS(t), "--endpoint-url", w.url, "--output", "json", "sts", verb, "--cli-input-json", "file://"+input)
	cmd.Env = a.environ(t)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		m := cliError.FindStringSubmatch(stderr.String())
		if m == nil {
			t.Fatalf("aws sts %s: %v: %s", verb, err, stderr.String())
		}
		return answer{code: m[1], message: strings.TrimSpace(m[2])}
	}
	return decode(t, stdout.Bytes())
}

func callJavaScript(t *testing.T, w *world, a ask) answer {
	t.Helper()
	line := foreign.Node(t, "sts.mjs")
	text, err := json.Marshal(map[string]any{"command": a.command, "input": a.input, "endpoint": w.url})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), line[0], line[1:]...)
	var stderr bytes.Buffer // advice about versions, if all goes well
	cmd.Env, cmd.Stdin, cmd.Stderr = a.environ(t), bytes.NewReader(text), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v: %s", err, stderr.String())
	}
	var result struct {
		Output json.RawMessage
		Error  *struct{ Code, Message string }
	}
	if err := json.Unmarshal(out, &result); err != nil {
		t.Fatalf("node printed no answer: %v", err)
	}
	if result.Error != nil {
		return answer{code: result.Error.Code, message: strings.TrimSpace(result.Error.Message)}
	}
	return decode(t, result.Output)
}

func callGoSDK(t *testing.T, w *world, a ask) answer {
	t.Helper()
	text, err := json.Marshal(a.input)
	if err != nil {
		t.Fatal(err)
	}
	out, err := sdkCall(t.Context(), w.clientOf(a.id, a.secret, a.token), a.command, text)
	var api smithy.APIError
	if errors.As(err, &api) {
		return answer{code: api.ErrorCode(), message: strings.TrimSpace(api.ErrorMessage())}
	}
	if err != nil {
		t.Fatal(err)
	}
	if text, err = json.Marshal(out); err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

func sdkCall(ctx context.Context, client *sts.Client, command string, input []byte) (any, error) {
	switch command {
	case "GetSessionToken":
		return sdkDo(ctx, client.GetSessionToken, input)
	case "AssumeRole":
		return sdkDo(ctx, client.AssumeRole, input)
	default:
		return sdkDo(ctx, client.GetCallerIdentity, input)
	}
}

func sdkDo[In, Out any](ctx context.Context, call func(context.Context, *In, ...func(*sts.Options)) (*Out, error), input []byte) (*Out, error) {
	in := new(In)
	if err := json.Unmarshal(input, in); err != nil {
		return nil, err
	}
	return call(ctx, in)
}

func decode(t *testing.T, text []byte) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		t.Fatalf("the client printed no answer: %v", err)
	}
	return a
}

// by makes an ask with the user's own key, or with temporary credentials.
func (w *world) by(session *answer, command string, input map[string]any) ask {
	if session == nil {
		return ask{w.key.ID, w.key.Secret, "", command, input}
	}
	c := session.Credentials
	return ask{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, command, input}
}

// code is the input of GetSessionToken, with the device's code of now.
func (w *world) code() map[string]any {
	return map[string]any{"SerialNumber": w.device.Serial, "TokenCode": w.device.Code(w.Now())}
}

func TestForeignClientsAreServed(t *testing.T) {
	for _, judge := range judges {
		t.Run(judge.name, func(t *testing.T) {
			w := newWorld(t)
			first := w.role(t, awstest.Role{Name: "team/First", Trust: awstest.Trust{Principals: []string{w.user.ARN}, MFA: true, ExternalID: "order:66/7", TagSession: true}})
			second := w.role(t, awstest.Role{Name: "Second", Trust: awstest.Trust{Principals: []string{first}, TagSession: true, SetSourceIdentity: true}})
			served := func(session *answer, command string, input map[string]any) *answer {
				t.Helper()
				a := judge.call(t, w, w.by(session, command, input))
				if a.code != "" {
					t.Fatalf("%s was refused: %s: %s", command, a.code, a.message)
				}
				return &a
			}
			session := served(nil, "GetSessionToken", w.code())
			hop := served(session, "AssumeRole", map[string]any{
				"RoleArn": first, "RoleSessionName": "a+b=c,d.e@f-g", "ExternalId": "order:66/7",
				"Tags":              []any{map[string]any{"Key": "Größe 1 + 1", "Value": " = 2 / @:"}},
				"TransitiveTagKeys": []any{"Größe 1 + 1"},
			})
			last := served(hop, "AssumeRole", map[string]any{"RoleArn": second, "RoleSessionName": "last", "Policy": "{\"Version\": \"2012-10-17\",\n\"Statement\": []}"})
			for want, of := range map[string]*answer{
				w.user.ARN: session,
				"arn:aws:sts::123456789012:assumed-role/First/a+b=c,d.e@f-g": hop,
				"arn:aws:sts::123456789012:assumed-role/Second/last":         last,
			} {
				if got := served(of, "GetCallerIdentity", map[string]any{}).Arn; got != want {
					t.Errorf("got ARN %s, want %s", got, want)
				}
			}
		})
	}
}

func TestForeignClientsAreRefused(t *testing.T) {
	const (
		badCode      = "MultiFactorAuthentication failed with invalid MFA one time pass code."
		badDevice    = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."
		badSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	)
	for _, judge := range judges {
		t.Run(judge.name, func(t *testing.T) {
			w := newWorld(t)
			refused := func(name string, a ask, codes, message string) {
				t.Helper()
				got := judge.call(t, w, a)
				if !strings.Contains(codes, got.code) || got.code == "" || got.message != message {
					t.Errorf("%s: got %s: %q\nwant %s: %q", name, got.code, got.message, codes, message)
				}
			}
			stranger := w.by(nil, "GetSessionToken", w.code())
			stranger.secret = strings.Repeat("A", len(stranger.secret))
			refused("wrong secret", stranger, "SignatureDoesNotMatch", badSignature)

			refused("wrong code", w.by(nil, "GetSessionToken", map[string]any{
				"SerialNumber": w.device.Serial, "TokenCode": w.device.Code(w.Now().Add(-time.Hour)),
			}), "AccessDenied", badCode)
			refused("wrong device", w.by(nil, "GetSessionToken", map[string]any{
				"SerialNumber": w.device.Serial + "s", "TokenCode": w.device.Code(w.Now()),
			}), "AccessDenied", badDevice)

			good := w.by(nil, "GetSessionToken", w.code())
			session := judge.call(t, w, good)
			if session.code != "" {
				t.Fatalf("a good code was refused: %s: %s", session.code, session.message)
			}
			refused("reused code", good, "AccessDenied", badCode)
			refused("session of a session", w.by(&session, "GetSessionToken", map[string]any{}), "AccessDenied", "Cannot call GetSessionToken with session credentials")

			if !w.ExpireSession(session.Credentials.AccessKeyID) {
				t.Fatal("no session to expire")
			}
			// The JavaScript SDK names it by the model's other name.
			refused("expired session", w.by(&session, "GetCallerIdentity", map[string]any{}), "ExpiredToken ExpiredTokenException", "The security token included in the request is expired")
		})
	}
}
