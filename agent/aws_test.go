package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/awstest"
	"github.com/mfad/mfad/internal/errcode"
)

// get asks for a profile's document, at the region if there is one.
func (b *bench) get(t testing.TB, profile, region string) (doc document, ends time.Time) {
	t.Helper()
	return b.getAs(t, nobody, wire.CredentialsParams{Profile: profile, Region: region})
}

func (b *bench) getAs(t testing.TB, p *person, what wire.CredentialsParams) (doc document, ends time.Time) {
	t.Helper()
	var got wire.CredentialsResult
	b.must(t, p, wire.MethodCredentials, what, &got)
	if err := json.Unmarshal(got.Document, &doc); err != nil {
		t.Fatal(err)
	}
	ends, err := time.Parse("2006-01-02T15:04:05Z", doc.Expiration)
	if err != nil {
		t.Errorf("expiration %q is not in UTC and whole seconds: %v", doc.Expiration, err)
	}
	return doc, ends
}

// life is how long a document's credentials live from now, to the minute.
func (b *bench) life(ends time.Time) time.Duration {
	return ends.Sub(b.clock.now()).Round(time.Minute)
}

func (c *cloud) granted(t testing.TB, sessions, roles int) {
	t.Helper()
	if n, m := c.Count("GetSessionToken"), c.Count("AssumeRole"); n != sessions || m != roles {
		t.Errorf("AWS made %d sessions and %d roles, want %d and %d", n, m, sessions, roles)
	}
}

// section is a profile at the cloud.
func (c *cloud) section(name string, lines ...string) string {
	return "[profile " + name + "]\nendpoint_url = " + c.url + "\n" + strings.Join(lines, "\n") + "\n"
}

func TestDurationChoosesTheWayThroughMFA(t *testing.T) {
	for _, test := range []struct {
		seconds  int
		sessions int // 0: the code goes with AssumeRole
		life     time.Duration
	}{{900, 1, 15 * time.Minute}, {0, 1, time.Hour}, {3600, 1, time.Hour}, {3601, 0, 3601 * time.Second}, {43_200, 0, 12 * time.Hour}} {
		t.Run(fmt.Sprint(test.seconds), func(t *testing.T) {
			b, c := ready(t)
			arn, err := c.AddRole(awstest.Role{Name: "long", MaxDuration: 12 * time.Hour, Trust: awstest.Trust{Principals: []string{c.user.ARN}, MFA: true}})
			if err != nil {
				t.Fatal(err)
			}
			duration := ""
			if test.seconds > 0 {
				duration = fmt.Sprintf("duration_seconds = %d", test.seconds)
			}
			b.write(t, c.section("long", "role_arn = "+arn, "mfad_access_key = base", "mfa_serial = "+c.device.Serial, duration))
			if _, ends := b.get(t, "long", ""); b.life(ends) != test.life.Round(time.Minute) {
				t.Errorf("it lives %v, want %v", b.life(ends), test.life)
			}
			b.get(t, "long", "")
			c.granted(t, test.sessions, 1)
		})
	}
}

// A region is where AWS is asked; what it gives is good in all of them.
func TestSessionsServeEveryRegionProfileAndAccount(t *testing.T) {
	b, c := ready(t)
	first, err := c.AddRole(awstest.Role{Name: "team/first", Trust: awstest.Trust{Principals: []string{c.user.ARN}, MFA: true}})
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.AddRole(awstest.Role{Account: "210987654321", Name: "service/deep/second", Trust: awstest.Trust{Principals: []string{first}, ExternalID: "x-1"}})
	if err != nil {
		t.Fatal(err)
	}
	identity := "mfad_access_key = base\nmfa_serial = " + c.device.Serial
	b.write(t, c.section("one", "role_arn = "+first, identity, "region = eu-west-1")+
		c.section("two", "role_arn = "+second, "source_profile = one", "external_id = x-1", "region = us-east-1")+
		c.section("same", "role_arn = "+first, identity, "region = ap-south-1"))
	two, _ := b.get(t, "two", "")
	if two.AccountID != "210987654321" {
		t.Errorf("the account is %s", two.AccountID)
	}
	again, _ := b.get(t, "two", "eu-central-1")
	one, _ := b.get(t, "one", "")
	same, _ := b.get(t, "same", "")
	if again.AccessKeyID != two.AccessKeyID || one.AccessKeyID != same.AccessKeyID || one.AccountID != awstest.DefaultAccount {
		t.Errorf("got %s and %s, %s and %s", two.AccessKeyID, again.AccessKeyID, one.AccessKeyID, same.AccessKeyID)
	}
	c.granted(t, 1, 2)
	for _, e := range c.Journal() {
		if e.Region != "us-east-1" {
			t.Errorf("%s was signed for %s, and the profile that was asked for says us-east-1", e.Action, e.Region)
		}
	}
}

func TestOtherPartitionsAreServedAsThemselves(t *testing.T) {
	for partition, region := range map[string]string{"aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"} {
		t.Run(partition, func(t *testing.T) {
			b := openBench(t)
			c := &cloud{Server: awstest.New(awstest.Options{Now: b.clock.now, Partition: partition, Region: region})}
			c.enrol(t)
			b.furnish(t, c)
			b.write(t, c.section("prod", "role_arn = "+c.role(t, "prod"), "mfad_access_key = base", "mfa_serial = "+c.device.Serial))
			doc, _ := b.get(t, "prod", region)
			if doc.AccountID != awstest.DefaultAccount {
				t.Errorf("the account is %q", doc.AccountID)
			}
			c.granted(t, 1, 1)
		})
	}
}

// The session that signs for a role is judged by what one more signature
// needs; that it is also renewed in the background is another matter.
func TestSessionThatEndsUnderARoleIsMadeAnew(t *testing.T) {
	for _, test := range []struct {
		after time.Duration // of its 15 minutes
		anew  bool
	}{{13 * time.Minute, false}, {14*time.Minute + 30*time.Second, true}} {
		t.Run(test.after.String(), func(t *testing.T) {
			b, c := ready(t)
			b.write(t, c.section("short", "mfad_access_key = base", "mfa_serial = "+c.device.Serial, "duration_seconds = 900")+
				c.section("a", "role_arn = "+c.role(t, "a"), "source_profile = short")+
				c.section("b", "role_arn = "+c.role(t, "b"), "source_profile = short"))
			b.get(t, "a", "")
			b.clock.advance(test.after)
			if _, ends := b.get(t, "b", ""); b.life(ends) != time.Hour {
				t.Errorf("the role lives %v", b.life(ends))
			}
			var signers []string
			for _, e := range c.Journal() {
				if e.Action == "AssumeRole" {
					signers = append(signers, e.KeyID)
				}
			}
			if len(signers) != 2 || signers[0] != signers[1] != test.anew {
				t.Errorf("the roles were signed for by %q", signers)
			}
		})
	}
}

func TestCredentialsCloseToTheirEndAreRenewed(t *testing.T) {
	b, c := ready(t)
	old, _ := b.get(t, "prod", "")
	b.clock.advance(43 * time.Minute) // 17 minutes are left: good for now, and renewed meanwhile
	if now, _ := b.get(t, "prod", ""); now.AccessKeyID != old.AccessKeyID {
		t.Error("what lives 17 minutes was not handed out")
	}
	if err := c.Await(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(2 * time.Minute) // 15: too few
	now, ends := b.get(t, "prod", "")
	if now.AccessKeyID == old.AccessKeyID || b.life(ends) < 57*time.Minute {
		t.Errorf("after the renewal it lives %v", b.life(ends))
	}
	c.granted(t, 1, 2)
}

func TestInactiveKeyServesWhatItMadeAndThenSaysWhy(t *testing.T) {
	b, c := ready(t)
	b.get(t, "prod", "")
	c.user.SetKeyActive(c.key.ID, false)
	b.write(t, profileText("prod", c.role(t, "prod"), c)+profileText("other", c.role(t, "other"), c))
	b.get(t, "prod", "")
	b.get(t, "other", "") // by the session that is there
	b.must(t, nobody, wire.MethodSessionForget, wire.SessionForgetParams{All: true}, nil)
	b.clock.advance(31 * time.Second) // to the next code
	err := b.call(t, nobody, wire.MethodCredentials, wire.CredentialsParams{Profile: "prod"}, nil)
	if !errors.Is(err, errcode.KeyRefused) || !strings.Contains(err.Error(), "does not know the access key at "+c.url+", or it is inactive") {
		t.Errorf("got %v", err)
	}
	if name := errcode.Told(err)["key"]; name != "base" {
		t.Errorf("the key that is refused is told as %q", name)
	}
}

func TestRootUserGetsAnHourAndNoRole(t *testing.T) {
	b := openBench(t)
	c := &cloud{Server: awstest.New(awstest.Options{Now: b.clock.now})}
	c.user = c.AddUser("root")
	c.enrol(t)
	b.furnish(t, c)
	identity := "mfad_access_key = base\nmfa_serial = " + c.device.Serial
	b.write(t, c.section("session", identity)+c.section("role", identity, "role_arn = "+c.role(t, "r")))
	if _, ends := b.get(t, "session", ""); b.life(ends) != time.Hour {
		t.Errorf("it lives %v", b.life(ends))
	}
	if text := b.refused(t, nobody, errcode.Denied, wire.MethodCredentials, wire.CredentialsParams{Profile: "role"}); !strings.Contains(text, "root") {
		t.Errorf("got %q", text)
	}
	c.granted(t, 1, 1)
}

// A clock that is minutes off gives a wrong code once; AWS's answer sets it right.
func TestClockThatIsOffIsLearnedFromTheFirstRefusal(t *testing.T) {
	for _, skew := range []time.Duration{-14 * time.Minute, -2 * time.Minute, 2 * time.Minute, 14 * time.Minute} {
		t.Run(skew.String(), func(t *testing.T) {
			b, c := ready(t)
			c.SetSkew(skew)
			_, ends := b.getAs(t, b.hurried(), wire.CredentialsParams{Profile: "prod"})
			if life := ends.Sub(b.clock.now().Add(skew)).Round(time.Minute); life != time.Hour {
				t.Errorf("it lives %v by AWS's clock", life)
			}
			if n := len(c.Journal()); n != 3 {
				t.Errorf("%d requests, want a refusal, a session and a role", n)
			}
			b.get(t, "prod", "")
			b.clock.advance(45 * time.Minute)
			b.get(t, "prod", "")
			c.granted(t, 2, 2)
		})
	}
}

func TestBusyAWSIsAskedAgain(t *testing.T) {
	for _, fault := range []awstest.Fault{awstest.Throttle, awstest.InternalFailure, awstest.Unavailable, awstest.DropBefore, awstest.DropAfter} {
		t.Run(string(fault), func(t *testing.T) {
			b, c := ready(t)
			b.write(t, profileText("prod", c.role(t, "prod"), c)+profileText("other", c.role(t, "other"), c))
			b.get(t, "prod", "")
			c.Inject(fault, fault)
			b.get(t, "other", "")
			if n := len(codesOf(c)); n != 1 {
				t.Errorf("%d codes were sent, want 1", n)
			}
		})
	}
}

func codesOf(c *cloud) (codes []string) {
	for _, e := range c.Journal() {
		if e.Code != "" {
			codes = append(codes, e.Code)
		}
	}
	return codes
}
