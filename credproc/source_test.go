package credproc_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/config"
)

// chain adds a profile of the steps.
func (h *house) chain(profile string, steps ...config.Step) {
	h.profiles[profile] = &config.Chain{Profile: profile, Steps: steps}
}

func roleStep(name string) config.Step {
	return roleOf(name, func(*config.Role) {})
}

// roleOf is a role with a change.
func roleOf(name string, change func(*config.Role)) config.Step {
	role := &config.Role{Exchange: config.Exchange{Endpoint: ireland}, ARN: value(roleARN(name))}
	change(role)
	return config.Step{Profile: name, Spec: role}
}

func environment(lives config.Life) config.Step {
	return config.Step{Spec: config.Environment{Lives: lives}}
}

func machine(kind config.StepKind) config.Step { return config.Step{Spec: config.Machine(kind)} }

func secret(text string) config.Sensitive { return config.Sensitive{Bytes: []byte(text)} }

func TestLongTermKeysAreNotHandedOut(t *testing.T) {
	env := map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}
	h := newHouse(t, func(o *credproc.Options) { o.Environ = func(name string) string { return env[name] } })
	h.chain("vault", source("K"))
	h.chain("static", config.Step{Spec: config.StaticKeys{ID: value("AKIASTATIC"), Secret: secret("s")}})
	h.chain("environment", environment(config.LongTerm))
	for profile := range h.profiles {
		if got, err := h.get(t, profile, nil); !errors.Is(err, credproc.ErrLongTerm) || got.AccessKeyID != "" {
			t.Errorf("%s: got %v, %v", profile, got, err)
		}
	}
}

func TestKeyThatIsReplacedWhileInUseSignsNothing(t *testing.T) {
	h := newHouse(t)
	h.vault.replaced = "AKIANEW"
	h.session("base", "K", "")
	if _, err := h.get(t, "base", nil); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("got %v", err)
	}
	h.count(t, "GetSessionToken", 0)
}

func TestTemporaryKeysOfFilesAndEnvironment(t *testing.T) {
	env := map[string]string{"AWS_ACCESS_KEY_ID": "ASIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_ACCOUNT_ID": account}
	h := newHouse(t, func(o *credproc.Options) { o.Environ = func(name string) string { return env[name] } })
	h.aws.live["ASIAENV"] = time.Now().Add(time.Hour)
	h.chain("static", config.Step{Spec: config.StaticKeys{ID: value("ASIASTATIC"), Secret: secret("s"), Token: secret("t"), Account: value("111122223333")}})
	h.chain("environment", environment(config.Temporary))
	h.chain("role", environment(config.Temporary), roleStep("role"))
	if got := h.must(t, "static", nil); got.AccessKeyID != "ASIASTATIC" || got.SessionToken != "t" || got.AccountID != "111122223333" {
		t.Errorf("static: got %v", got)
	}
	if got := h.must(t, "environment", nil); got.AccessKeyID != "ASIAENV" || got.AccountID != account {
		t.Errorf("environment: got %v", got)
	}
	if got := h.must(t, "role", nil); got.AccountID != "210987654321" {
		t.Errorf("role: account %q", got.AccountID)
	}
	delete(env, "AWS_SESSION_TOKEN")
	env["AWS_SECURITY_TOKEN"] = "old"
	if got := h.must(t, "environment", nil); got.SessionToken != "old" {
		t.Errorf("environment with the token's name of old: got %v", got)
	}
	delete(env, "AWS_ACCESS_KEY_ID")
	if _, err := h.get(t, "environment", nil); err == nil || !strings.Contains(err.Error(), "AWS_ACCESS_KEY_ID") {
		t.Errorf("without the variable: got %v", err)
	}
}

// box is a machine, an EC2 instance.
type box struct {
	asked func()
	gives time.Duration // how long they live; 0 is an hour
}

func (box) Kind() config.StepKind { return config.KindEC2 }

func (box) Identity(context.Context, config.Step) (credproc.Identity, error) {
	return credproc.Identity{Key: string(config.KindEC2)}, nil
}

func (b box) Make(context.Context, config.Step, credproc.Identity, credproc.Asker) (credproc.Given, error) {
	b.asked()
	return credproc.Given{Credentials: credproc.Credentials{
		AccessKeyID: string(config.KindEC2), SecretAccessKey: "s", SessionToken: "t", Expiration: time.Now().Add(cmp.Or(b.gives, time.Hour)),
		ARN: "arn:aws:sts::" + account + ":assumed-role/box/i-1",
	}}, nil
}

func TestMachineSourceIsKeptUntilItsEnd(t *testing.T) {
	calls := 0
	h := newHouse(t, func(o *credproc.Options) {
		o.Sources = []credproc.Source{box{asked: func() { calls++ }}}
	})
	h.aws.live[string(config.KindEC2)] = time.Now().Add(time.Hour)
	h.chain("ec2", machine(config.KindEC2))
	h.chain("role", machine(config.KindEC2), roleStep("role"))
	h.must(t, "role", nil)
	if got := h.must(t, "ec2", nil); got.AccessKeyID != string(config.KindEC2) || got.AccountID != account {
		t.Errorf("got %v of account %q", got, got.AccountID)
	}
	if calls != 1 {
		t.Errorf("asked the machine %d times, want 1", calls)
	}
}

func TestCredentialsThatCameExpiredAreNotHandedOut(t *testing.T) {
	h := newHouse(t, func(o *credproc.Options) {
		o.Sources = []credproc.Source{box{func() {}, -time.Second}}
	})
	h.chain("ec2", machine(config.KindEC2))
	if got, err := h.get(t, "ec2", nil); !errors.Is(err, credproc.ErrUnavailable) || got.AccessKeyID != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestMachineSourceThatIsMissingIsAnError(t *testing.T) {
	h := newHouse(t)
	h.chain("ecs", machine(config.KindECS))
	if _, err := h.get(t, "ecs", nil); err == nil || !strings.Contains(err.Error(), string(config.KindECS)) {
		t.Errorf("got %v", err)
	}
}

func TestSessionWithoutADeviceLearnsItsAccount(t *testing.T) {
	h := newHouse(t)
	h.session("base", "K", "")
	if got := h.must(t, "base", nil); got.AccountID != account {
		t.Errorf("account %q, want %s", got.AccountID, account)
	}
	h.count(t, "GetCallerIdentity", 1)
}
