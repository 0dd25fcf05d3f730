package awstest_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mfad/mfad/credproc/awstest"
)

func TestDurationsOfSessions(t *testing.T) {
	w := newWorld(t)
	root := w.AddUser("root")
	rootKey, err := root.AddKey()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		by      *sts.Client
		seconds *int32
		life    time.Duration
		refusal string
	}{
		{"default", w.client(), nil, 12 * time.Hour, ""},
		{"least", w.client(), aws.Int32(900), 15 * time.Minute, ""},
		{"most", w.client(), aws.Int32(129600), 36 * time.Hour, ""},
		{"too short", w.client(), aws.Int32(899), 0, "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900"},
		{"too long", w.client(), aws.Int32(129601), 0, "1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600"},
		{"default of root", w.clientOf(rootKey.ID, rootKey.Secret, ""), nil, time.Hour, ""},
		{"long for root", w.clientOf(rootKey.ID, rootKey.Secret, ""), aws.Int32(7200), time.Hour, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := test.by.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: test.seconds})
			if test.refusal != "" {
				wantRefusal(t, err, "ValidationError", test.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := out.Credentials.Expiration.Sub(w.Now()); got != test.life {
				t.Errorf("got a life of %v, want %v", got, test.life)
			}
			if id := *out.Credentials.AccessKeyId; !strings.HasPrefix(id, "ASIA") || len(id) != 20 {
				t.Errorf("got access key id %s", id)
			}
		})
	}
}

func TestDurationsOfRoles(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, awstest.Role{Name: "Long", MaxDuration: 12 * time.Hour, Trust: awstest.Trust{Principals: []string{w.user.ARN}}})
	short := w.role(t, awstest.Role{Name: "Short", Trust: awstest.Trust{Principals: []string{w.user.ARN}}})
	session := w.session(w.mfaSession(t))
	lasting := func(seconds int32) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.DurationSeconds = &seconds }
	}
	for by, seconds := range map[*sts.Client][]int32{w.client(): {900, 3600, 43200}, session: {900, 3600}} {
		for _, s := range seconds {
			out, err := tryAssume(t.Context(), by, role, lasting(s))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := out.Credentials.Expiration.Sub(w.Now()), time.Duration(s)*time.Second; got != want {
				t.Errorf("got a life of %v, want %v", got, want)
			}
		}
	}
	_, err := tryAssume(t.Context(), session, role, lasting(3601))
	wantRefusal(t, err, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	_, err = tryAssume(t.Context(), w.client(), short, lasting(3601))
	wantRefusal(t, err, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	_, err = tryAssume(t.Context(), w.client(), role, lasting(43201))
	wantRefusal(t, err, "ValidationError", "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200")

	for _, d := range []time.Duration{time.Minute, 13 * time.Hour} {
		if _, err := w.AddRole(awstest.Role{Name: "Bad", MaxDuration: d}); err == nil {
			t.Errorf("a role of at most %v was made", d)
		}
	}
}

func TestSessionsOfRolesEnd(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, awstest.Role{Name: "R", Trust: awstest.Trust{Principals: []string{w.user.ARN}}})
	out, err := tryAssume(t.Context(), w.client(), role, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(900) })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		advance time.Duration
		good    bool
	}{{899 * time.Second, true}, {time.Second, false}} {
		w.Advance(step.advance) // within the 15 minutes that signatures allow
		_, err := w.session(out.Credentials).GetCallerIdentity(t.Context(), nil)
		if !step.good {
			wantRefusal(t, err, "ExpiredToken", "The security token included in the request is expired")
		} else if err != nil {
			t.Error(err)
		}
	}
}

func TestTrustPolicies(t *testing.T) {
	w := newWorld(t)
	session := w.mfaSession(t)
	hop := w.role(t, awstest.Role{Name: "path/Hop", Trust: awstest.Trust{Principals: []string{w.user.ARN}, MFA: true}})
	key, mfa := w.client(), w.session(session)
	hopped := w.session(assume(t, mfa, hop).Credentials)
	foreigner := w.AddUserOf("210987654321", "mallory")
	foreignKey, err := foreigner.AddKey()
	if err != nil {
		t.Fatal(err)
	}
	stranger := w.clientOf(foreignKey.ID, foreignKey.Secret, "")
	w.Advance(10 * time.Minute) // the MFA of session is as old by now

	user := []string{w.user.ARN}
	tests := []struct {
		name   string
		by     *sts.Client
		trust  awstest.Trust
		change func(*sts.AssumeRoleInput)
		denied string // the action; empty is allowed
	}{
		{"user", key, awstest.Trust{Principals: user}, nil, ""},
		{"user's session", mfa, awstest.Trust{Principals: user}, nil, ""},
		{"nobody", key, awstest.Trust{}, nil, "sts:AssumeRole"},
		{"account's root", key, awstest.Trust{Principals: []string{"arn:aws:iam::123456789012:root"}}, nil, ""},
		{"account", key, awstest.Trust{Principals: []string{"123456789012"}}, nil, ""},
		{"another account", stranger, awstest.Trust{Principals: []string{"123456789012"}}, nil, "sts:AssumeRole"},
		{"another account that is trusted", stranger, awstest.Trust{Principals: []string{"210987654321"}}, nil, ""},
		{"role", hopped, awstest.Trust{Principals: []string{hop}}, nil, ""},
		{"session of the role", hopped, awstest.Trust{Principals: []string{"arn:aws:sts::123456789012:assumed-role/Hop/tester"}}, nil, ""},
		{"another session of the role", hopped, awstest.Trust{Principals: []string{"arn:aws:sts::123456789012:assumed-role/Hop/other"}}, nil, "sts:AssumeRole"},
		{"role for the user who assumed it", hopped, awstest.Trust{Principals: user}, nil, "sts:AssumeRole"},
		{"MFA by key", key, awstest.Trust{Principals: user, MFA: true}, nil, "sts:AssumeRole"},
		{"MFA by session", mfa, awstest.Trust{Principals: user, MFA: true}, nil, ""},
		{"MFA is not carried by roles", hopped, awstest.Trust{Principals: []string{hop}, MFA: true}, nil, "sts:AssumeRole"},
		{"MFA young enough", mfa, awstest.Trust{Principals: user, MaxMFAAge: 10*time.Minute + time.Second}, nil, ""},
		{"MFA too old", mfa, awstest.Trust{Principals: user, MaxMFAAge: 10 * time.Minute}, nil, "sts:AssumeRole"},
		{"age of no MFA", key, awstest.Trust{Principals: user, MaxMFAAge: time.Hour}, nil, "sts:AssumeRole"},
		{"no external id", key, awstest.Trust{Principals: user, ExternalID: "x1"}, nil, "sts:AssumeRole"},
		{"external id", key, awstest.Trust{Principals: user, ExternalID: "x1"}, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("x1") }, ""},
		{"wrong external id", key, awstest.Trust{Principals: user, ExternalID: "x1"}, func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("X1") }, "sts:AssumeRole"},
		{"tags", key, awstest.Trust{Principals: user}, func(in *sts.AssumeRoleInput) { in.Tags = tagged("a") }, "sts:TagSession"},
		{"tags that are allowed", key, awstest.Trust{Principals: user, TagSession: true}, func(in *sts.AssumeRoleInput) { in.Tags = tagged("a") }, ""},
		{"source identity", key, awstest.Trust{Principals: user}, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }, "sts:SetSourceIdentity"},
		{"source identity that is allowed", key, awstest.Trust{Principals: user, SetSourceIdentity: true}, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("me") }, ""},
	}
	callers := map[*sts.Client]string{
		key: w.user.ARN, mfa: w.user.ARN, hopped: "arn:aws:sts::123456789012:assumed-role/Hop/tester", stranger: foreigner.ARN,
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			role := w.role(t, awstest.Role{Name: fmt.Sprint("team/R", i), Trust: test.trust})
			var changes []func(*sts.AssumeRoleInput)
			if test.change != nil {
				changes = append(changes, test.change)
			}
			_, err := tryAssume(t.Context(), test.by, role, changes...)
			if test.denied == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", callers[test.by], test.denied, role))
		})
	}
	_, err = tryAssume(t.Context(), key, "arn:aws:iam::123456789012:role/None")
	wantRefusal(t, err, "AccessDenied", "User: "+w.user.ARN+" is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/None")
}

func TestDirectCodeCountsForTrust(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, awstest.Role{Name: "R", MaxDuration: 12 * time.Hour, Trust: awstest.Trust{Principals: []string{w.user.ARN}, MFA: true, MaxMFAAge: time.Second}})
	if _, err := tryAssume(t.Context(), w.client(), role, func(in *sts.AssumeRoleInput) {
		in.SerialNumber, in.TokenCode, in.DurationSeconds = &w.device.Serial, aws.String(w.device.Code(w.Now())), aws.Int32(43200)
	}); err != nil {
		t.Error(err)
	}
}

func TestRootAssumesNoRole(t *testing.T) {
	w := newWorld(t)
	root := w.AddUser("root")
	key, err := root.AddKey()
	if err != nil {
		t.Fatal(err)
	}
	role := w.role(t, awstest.Role{Name: "R", Trust: awstest.Trust{Principals: []string{root.ARN}}})
	_, err = tryAssume(t.Context(), w.clientOf(key.ID, key.Secret, ""), role)
	wantRefusal(t, err, "AccessDenied", "Roles may not be assumed by root accounts.")
}

func tagged(keys ...string) (tags []types.Tag) {
	for _, k := range keys {
		tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String("v")})
	}
	return tags
}

func TestLimitsOfParameters(t *testing.T) {
	w := newWorld(t)
	role := w.role(t, awstest.Role{Name: "R", Trust: awstest.Trust{Principals: []string{w.user.ARN}, TagSession: true, SetSourceIdentity: true}})
	long := func(n int) *string { return aws.String(strings.Repeat("a", n)) }
	many := func(n int) (keys []string) {
		for i := range n {
			keys = append(keys, fmt.Sprint("k", i))
		}
		return keys
	}
	tests := []struct {
		name   string
		change func(*sts.AssumeRoleInput)
		code   string // empty is allowed
		words  string
	}{
		{"session name of 64", func(in *sts.AssumeRoleInput) { in.RoleSessionName = long(64) }, "", ""},
		{"session name of 65", func(in *sts.AssumeRoleInput) { in.RoleSessionName = long(65) }, "ValidationError", "at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64"},
		{"session name of 1", func(in *sts.AssumeRoleInput) { in.RoleSessionName = long(1) }, "ValidationError", "greater than or equal to 2"},
		{"session name with a slash", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a/b") }, "ValidationError", "1 validation error detected: Value 'a/b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
		{"role that is no ARN", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("Admin") }, "ValidationError", "at 'roleArn'"},
		{"external id of 1", func(in *sts.AssumeRoleInput) { in.ExternalId = long(1) }, "ValidationError", "at 'externalId'"},
		{"source identity with a space", func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("a b") }, "ValidationError", "at 'sourceIdentity'"},
		{"50 tags", func(in *sts.AssumeRoleInput) { in.Tags = tagged(many(50)...) }, "", ""},
		{"51 tags", func(in *sts.AssumeRoleInput) { in.Tags = tagged(many(51)...) }, "ValidationError", "at 'tags'"},
		{"tag key of 129", func(in *sts.AssumeRoleInput) { in.Tags = tagged(*long(129)) }, "ValidationError", "at 'tags.1.member.key'"},
		{"tag value of 257", func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: aws.String("k"), Value: long(257)}} }, "ValidationError", "at 'tags.1.member.value'"},
		{"tag with a semicolon", func(in *sts.AssumeRoleInput) { in.Tags = tagged("a;b") }, "ValidationError", "regular expression"},
		{"tag twice", func(in *sts.AssumeRoleInput) { in.Tags = tagged("Team", "team") }, "InvalidParameterValue", "Duplicate tag keys"},
		{"transitive without a tag", func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"x"} }, "InvalidParameterValue", "transitive tag key must be included"},
		{"policy that is not JSON", func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") }, "MalformedPolicyDocument", "not in the valid JSON format"},
		{"policy of 2049", func(in *sts.AssumeRoleInput) { in.Policy = aws.String(`"` + *long(2047) + `"`) }, "ValidationError", "at 'policy'"},
		{"policy and tags too large together", func(in *sts.AssumeRoleInput) {
			in.Policy, in.Tags = aws.String(`"`+*long(2046)+`"`), tagged("a")
		}, "PackedPolicyTooLarge", "consumes 101%"},
		{"11 policies", func(in *sts.AssumeRoleInput) {
			for range 11 {
				in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")})
			}
		}, "ValidationError", "at 'policyArns'"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := tryAssume(t.Context(), w.client(), role, test.change)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.code+": ") || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v\nwant %s with %q", err, test.code, test.words)
			}
		})
	}
}

func TestPartitionIsInEveryName(t *testing.T) {
	for partition, region := range map[string]string{"aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1", "aws-eusc": "eusc-de-east-1"} {
		t.Run(partition, func(t *testing.T) {
			w := newWorld(t)
			s := awstest.New(awstest.Options{Partition: partition, Region: region, Now: w.Now})
			peer := httptest.NewServer(s)
			t.Cleanup(peer.Close)
			user := s.AddUser("bob")
			key, err := user.AddKey()
			if err != nil {
				t.Fatal(err)
			}
			role, err := s.AddRole(awstest.Role{Name: "team/R", Trust: awstest.Trust{Principals: []string{"arn:" + partition + ":iam::123456789012:root"}}})
			if err != nil {
				t.Fatal(err)
			}
			device, err := user.AddDevice("phone")
			if err != nil {
				t.Fatal(err)
			}
			prefix := "arn:" + partition + ":"
			if user.ARN != prefix+"iam::123456789012:user/bob" || role != prefix+"iam::123456789012:role/team/R" || device.Serial != prefix+"iam::123456789012:mfa/phone" {
				t.Errorf("got %s, %s, %s", user.ARN, role, device)
			}
			w.url, w.key = peer.URL, key
			here := func(o *sts.Options) { o.Region = region }
			out, err := tryAssume(t.Context(), w.client(here), role, func(*sts.AssumeRoleInput) {})
			if err != nil || *out.AssumedRoleUser.Arn != prefix+"sts::123456789012:assumed-role/R/tester" {
				t.Errorf("got %+v, %v", out, err)
			}
		})
	}
}

func TestChainKeepsSourceIdentityAndTransitiveTags(t *testing.T) {
	w := newWorld(t)
	first := w.role(t, awstest.Role{Name: "First", Trust: awstest.Trust{Principals: []string{w.user.ARN}, TagSession: true, SetSourceIdentity: true}})
	second := w.role(t, awstest.Role{Name: "Second", Trust: awstest.Trust{Principals: []string{first}, TagSession: true, SetSourceIdentity: true}})
	out, err := tryAssume(t.Context(), w.client(), first, func(in *sts.AssumeRoleInput) {
		in.SourceIdentity, in.Tags, in.TransitiveTagKeys = aws.String("alice"), tagged("Team", "cost"), []string{"team"}
	})
	if err != nil {
		t.Fatal(err)
	}
	hop := w.session(out.Credentials)
	next, err := tryAssume(t.Context(), hop, second, func(in *sts.AssumeRoleInput) { in.Tags = tagged("cost") })
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(next.SourceIdentity); got != "alice" {
		t.Errorf("got source identity %q after the hop", got)
	}
	_, err = tryAssume(t.Context(), hop, second, func(in *sts.AssumeRoleInput) { in.Tags = tagged("TEAM") })
	wantRefusal(t, err, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	// What passes on by itself needs the same permission as what is set.
	for action, trust := range map[string]awstest.Trust{
		"sts:TagSession":        {Principals: []string{first}, SetSourceIdentity: true},
		"sts:SetSourceIdentity": {Principals: []string{first}, TagSession: true},
	} {
		third := w.role(t, awstest.Role{Name: "Third", Trust: trust})
		_, err = tryAssume(t.Context(), hop, third, func(*sts.AssumeRoleInput) {})
		wantRefusal(t, err, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/First/tester is not authorized to perform: "+action+" on resource: "+third)
	}
	_, err = tryAssume(t.Context(), hop, second, func(in *sts.AssumeRoleInput) { in.SourceIdentity = aws.String("bob") })
	wantRefusal(t, err, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/First/tester is not authorized to perform: sts:SetSourceIdentity on resource: "+second)
}
