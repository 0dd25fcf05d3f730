package config

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// story is what a profile leads to, as AWS gets to see it: who signs first,
// and each role with where it was asked for. Fault is set instead when there
// is none.
type story struct {
	Key   string
	Token string
	Roles []roleAsked
	Fault string
}

type roleAsked struct {
	ARN, ExternalID, Name, Duration, Serial string
	Host, Path, Region                      string // of the endpoint, and of the signature
}

// ourStory is the chain as a story: a device that is proved by a session counts
// for the last role, which is where AWS's tools look for it first.
func ourStory(t *testing.T, r *Reader, profile string) story {
	t.Helper()
	chain, err := r.Resolve(Query{Profile: profile})
	if err != nil {
		return story{Fault: err.Error()}
	}
	var out story
	if keys, ok := chain.Source().(StaticKeys); ok {
		out.Key, out.Token = keys.ID.Text, string(keys.Token.Bytes)
	}
	serial := ""
	for _, s := range chain.Steps {
		if ask := s.Exchange(); ask != nil && ask.Serial.Text != "" {
			serial = ask.Serial.Text
		}
		role, ok := s.Spec.(*Role)
		if !ok {
			continue
		}
		asked := roleAsked{ARN: role.ARN.Text, ExternalID: role.ExternalID.Text, Name: role.SessionName.Text}
		if role.Duration.Seconds > 0 {
			asked.Duration = fmt.Sprint(role.Duration.Seconds)
		}
		asked.Host, asked.Path, asked.Region = hostOf(t, role.Endpoint)
		out.Roles = append(out.Roles, asked)
	}
	if n := len(out.Roles); n > 0 {
		out.Roles[n-1].Serial = serial
	}
	return out
}

// hostOf asks the SDK's rules, as the client of credproc/sts does.
func hostOf(t *testing.T, e Endpoint) (host, path, region string) {
	t.Helper()
	p := sts.EndpointParameters{Region: &e.Region.Text, UseFIPS: &e.FIPS, UseDualStack: &e.DualStack}
	if e.URL.Text != "" {
		p.Endpoint = &e.URL.Text
	}
	at, err := sts.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	region = e.Region.Text
	if region == globalRegion && at.URI.Host == "sts.amazonaws.com" {
		region = "us-east-1" // the rule of that endpoint
	}
	return at.URI.Host, strings.TrimSuffix(at.URI.Path, "/"), region
}

// recorder answers as STS does, whoever asks, and keeps what was asked; where
// a call that is not about a role went is the endpoint of the profile.
type recorder struct {
	story
	client roleAsked
}

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	if req.Body == nil {
		return nil, fmt.Errorf("%s is not STS", req.URL.Host)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if err := r.record(req.URL.String(), req.Header.Get("Authorization"), req.Header.Get("X-Amz-Security-Token"), string(body)); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(stsAnswer))}, nil
}

const stsAnswer = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
	`<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/r/x</Arn></AssumedRoleUser>` +
	`<Credentials><AccessKeyId>ASIAANSWER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>` +
	`<Expiration>2126-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

func (r *recorder) record(to, authorization, token, body string) error {
	u, err := url.Parse(to)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return err
	}
	_, scope, _ := strings.Cut(authorization, "Credential=")
	parts := strings.Split(scope, "/")
	if len(parts) < 4 {
		return fmt.Errorf("not signed: %s", form.Get("Action"))
	}
	asked := roleAsked{
		ARN: form.Get("RoleArn"), ExternalID: form.Get("ExternalId"), Name: form.Get("RoleSessionName"),
		Duration: form.Get("DurationSeconds"), Serial: form.Get("SerialNumber"),
		Host: u.Host, Path: strings.TrimSuffix(u.Path, "/"), Region: parts[2],
	}
	if asked.ARN == "" {
		r.client = asked
		return nil
	}
	if len(r.Roles) == 0 {
		r.Key, r.Token = parts[0], token
	}
	r.Roles = append(r.Roles, asked)
	return nil
}

// sdkStory is what the Go SDK makes of a profile.
func sdkStory(t *testing.T, paths Paths, profile string) story {
	t.Helper()
	var r recorder
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(),
		awsconfig.WithSharedConfigProfile(profile),
		awsconfig.WithSharedConfigFiles([]string{paths.Config}),
		awsconfig.WithSharedCredentialsFiles([]string{paths.Credentials}),
		awsconfig.WithHTTPClient(&r),
		awsconfig.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.TokenProvider = func() (string, error) { return "123456", nil }
		}))
	if err != nil {
		return story{Fault: err.Error()}
	}
	creds, err := cfg.Credentials.Retrieve(context.WithoutCancel(t.Context()))
	if err != nil {
		return story{Fault: err.Error()}
	}
	if len(r.Roles) == 0 {
		r.Key, r.Token = creds.AccessKeyID, creds.SessionToken
	}
	// The client that its credential chain has inside passes over the
	// profile's endpoint_url and AWS_ENDPOINT_URL; every other client heeds them.
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); r.client.Host == "" {
		return story{Fault: fmt.Sprint(err)}
	}
	for i := range r.Roles {
		role := &r.Roles[i]
		role.Duration = strings.TrimSuffix(role.Duration, "900") // its own default
		role.Host, role.Path, role.Region = r.client.Host, r.client.Path, r.client.Region
	}
	return r.story
}

// botocoreScript answers like recorder, to the botocore inside Debian's AWS CLI v2.
const botocoreScript = `
import io, json, os, sys
import awscli.botocore.session as session, awscli.botocore.awsrequest as awsrequest
import awscli.botocore.loaders as loaders
loader = loaders.create_loader()

class Raw(io.BytesIO):
    def stream(self, **kwargs):
        chunk = self.read()
        while chunk:
            yield chunk
            chunk = self.read()

def run(case):
    for name in [n for n in os.environ if n.startswith('AWS_')]:
        del os.environ[name]
    os.environ.update(case['Env'])
    asked = []
    def text(value):
        return value.decode() if isinstance(value, bytes) else value or ''
    def answer(request, **kwargs):
        head = request.headers
        asked.append([request.url, text(head['Authorization']), text(head.get('X-Amz-Security-Token')), text(request.body)])
        return awsrequest.AWSResponse(request.url, 200, {}, Raw(case['Answer'].encode()))
    try:
        s = session.Session(profile=case['Profile'])
        s.register_component('data_loader', loader)
        s.register('before-send.sts', answer)
        s.get_component('credential_provider').get_provider('assume-role')._prompter = lambda *a: '123456'
        creds = s.get_credentials()
        if creds is None:
            return {'Fault': 'no credentials'}
        got = creds.get_frozen_credentials()
        return {'Key': got.access_key, 'Token': got.token or '', 'Asked': asked}
    except Exception as e:
        return {'Fault': repr(e)}

print(json.dumps([run(c) for c in json.load(sys.stdin)]))
`

// botocoreStories is what botocore makes of profiles: all at once, for it
// starts slowly.
func botocoreStories(t *testing.T, cases []trial) []story {
	t.Helper()
	return askBotocore(t, cases)()
}

// askBotocore shows profiles to botocore, which looks at them while the test goes
// on; what it gives waits for the stories.
func askBotocore(t *testing.T, cases []trial) (stories func() []story) {
	t.Helper()
	type question struct {
		Profile, Answer string
		Env             map[string]string
	}
	questions := make([]question, len(cases))
	for i, c := range cases {
		env := map[string]string{
			"AWS_CONFIG_FILE": c.reader.paths.Config, "AWS_SHARED_CREDENTIALS_FILE": c.reader.paths.Credentials,
			"AWS_EC2_METADATA_DISABLED": "true",
		}
		maps.Copy(env, c.env)
		questions[i] = question{c.profile, stsAnswer, env}
	}
	input, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-c", botocoreScript)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + t.TempDir()}
	var output bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &output, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("botocore: %v: install the Debian package awscli", err)
	}
	return func() []story {
		if err := cmd.Wait(); err != nil {
			t.Fatalf("botocore: %v: install the Debian package awscli", err)
		}
		return toldBy(t, output.Bytes(), len(cases))
	}
}

// toldBy reads what the script printed.
func toldBy(t *testing.T, output []byte, count int) []story {
	t.Helper()
	var answers []struct {
		Key, Token, Fault string
		Asked             [][4]string
	}
	if err := json.Unmarshal(output, &answers); err != nil || len(answers) != count {
		t.Fatalf("%d answers of botocore: %v", len(answers), err)
	}
	stories := make([]story, count)
	for i, a := range answers {
		r := recorder{story: story{Key: a.Key, Token: a.Token, Fault: a.Fault}}
		for _, call := range a.Asked {
			if err := r.record(call[0], call[1], call[2], call[3]); err != nil {
				t.Fatal(err)
			}
		}
		stories[i] = r.story
	}
	return stories
}
