package edit

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/internal/durable"
)

const (
	admin = "arn:aws:iam::111122223333:role/admin"
	deep  = "arn:aws:iam::444455556666:role/deep"

	userDevice = "arn:aws:iam::111122223333:mfa/phone"
)

// editing is a home with three files, those that are not empty, and the editor
// of it.
func editing(t testing.TB, mfad, aws, credentials string) *Editor {
	t.Helper()
	home := t.TempDir()
	paths := config.Paths{
		Mfad:        filepath.Join(home, ".config", "mfad", "profiles"),
		Config:      filepath.Join(home, ".aws", "config"),
		Credentials: filepath.Join(home, ".aws", "credentials"),
	}
	for name, text := range map[string]string{paths.Mfad: mfad, paths.Config: aws, paths.Credentials: credentials} {
		if text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &Editor{Paths: paths, Program: "/usr/bin/mfad"}
}

func content(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func check(t *testing.T, name, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%q\nwant\n%q", name, got, want)
	}
}

const adopting = "; `mfad profile release p` puts them back"

var edits = []struct {
	name         string
	mfad, config string
	act          func(*Editor) ([]Change, error)
	wantMfad     string
	wantConfig   string
	undo         func(*Editor) ([]Change, error)
	faults       bool   // broken at every step, too
}{
	{
		name: "add to an empty home", faults: true,
		act: addP, undo: removeP,
		wantMfad:   "# mfad's profiles, in the format of ~/.aws/config: edit it at will.\n\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n",
		wantConfig: "[profile p]\n# added by mfad; `mfad profile remove p` takes it away\ncredential_process = /usr/bin/mfad credentials --profile p\nregion = eu-west-1\n",
	},
	{
		name: "add to empty files",
		mfad: "# mine\n",
		act:  addP, undo: removeP,
		wantMfad:   "# mine\n\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n",
		wantConfig: "[profile p]\n# added by mfad; `mfad profile remove p` takes it away\ncredential_process = /usr/bin/mfad credentials --profile p\nregion = eu-west-1\n",
	},
	{
		name:   "add keeps CRLF, the mark, comments and the open end",
		mfad:   "# mine\n",
		config: "\uFEFF; old\r\n[default] # me\r\noutput=json\r\n# bye",
		act:    addP, undo: removeP,
		wantMfad:   "# mine\n\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n",
		wantConfig: "\uFEFF; old\r\n[default] # me\r\noutput=json\r\n# bye\r\n\r\n[profile p]\r\n# added by mfad; `mfad profile remove p` takes it away\r\ncredential_process = /usr/bin/mfad credentials --profile p\r\nregion = eu-west-1",
	},
	{
		name:   "add to a section that was there",
		mfad:   "# mine\n",
		config: "[profile a]\nx=1\n\n[profile p] # kept\n  # indented\nregion = eu-west-1\ncli_pager=\n\n# of b\n[profile b]\n",
		act:    addP, undo: removeP,
		wantMfad:   "# mine\n\n[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n",
		wantConfig: "[profile a]\nx=1\n\n[profile p] # kept\ncredential_process = /usr/bin/mfad credentials --profile p\n  # indented\nregion = eu-west-1\ncli_pager=\n\n# of b\n[profile b]\n",
	},
	{
		name: "adopt and release", faults: true,
		mfad: "# mine\n",
		config: "# top\n[profile base]\nregion=us-east-1\n\n[profile p]\n# the role\nRole_ARN=" + admin + "\nregion = eu-west-1\nsource_profile\t= base # here\n\n" +
			"mfa_serial = " + userDevice + "\nduration_seconds = 7200\ns3 =\n  max = 1\n# of q\n[profile q]\nx = y",
		act: adoptP, undo: releaseP,
		wantMfad: "# mine\n\n[profile p]\n# adopted by mfad: lines 2 4 7 of its section" + adopting + "\nRole_ARN=" + admin + "\nsource_profile\t= base # here\nduration_seconds = 7200\n",
		wantConfig: "# top\n[profile base]\nregion=us-east-1\n\n[profile p]\ncredential_process = /usr/bin/mfad credentials --profile p\n# the role\nregion = eu-west-1\n\n" +
			"mfa_serial = " + userDevice + "\ns3 =\n  max = 1\n# of q\n[profile q]\nx = y",
	},
	{
		name:   "adopt and release with CRLF, several lines and an open end",
		mfad:   "# mine\r\n[profile z]\r\nmfad_access_key=k",
		config: "[profile base]\r\n[profile p]\r\nregion = eu-west-1\r\npolicy = {\r\n  \"a\": 1,\r\n\r\n  \"b\": 2}\r\n# last words\r\nrole_arn = " + admin + "\r\nsource_profile = base",
		act:    adoptP, undo: releaseP,
		wantMfad:   "# mine\r\n[profile z]\r\nmfad_access_key=k\r\n\r\n[profile p]\r\n# adopted by mfad: lines 2 3 4 5 7 8 of its section" + adopting + "\r\npolicy = {\r\n  \"a\": 1,\r\n\r\n  \"b\": 2}\r\nrole_arn = " + admin + "\r\nsource_profile = base",
		wantConfig: "[profile base]\r\n[profile p]\r\ncredential_process = /usr/bin/mfad credentials --profile p\r\nregion = eu-west-1\r\n# last words",
	},
	{
		name:   "adopt somebody else's process",
		mfad:   "# mine\n",
		config: "[default]\nregion = eu-west-1\n[profile p]\ncredential_process = /opt/other",
		act:    adoptP, undo: releaseP,
		wantMfad:   "# mine\n\n[profile p]\n# adopted by mfad: lines 1 of its section" + adopting + "\ncredential_process = /opt/other\n",
		wantConfig: "[default]\nregion = eu-west-1\n[profile p]\ncredential_process = /usr/bin/mfad credentials --profile p",
	},
}

func addP(e *Editor) ([]Change, error) {
	return e.Add(context.Background(), NewProfile{Name: "p", Settings: []Setting{{config.KeyRoleARN, admin}, {config.KeySourceProfile, "base"}}, Region: "eu-west-1"})
}
func removeP(e *Editor) ([]Change, error)  { return e.Remove(context.Background(), "p") }
func adoptP(e *Editor) ([]Change, error)   { return e.Adopt(context.Background(), "p") }
func releaseP(e *Editor) ([]Change, error) { return e.Release(context.Background(), "p") }

func TestEditsKeepAllThatTheyDoNotName(t *testing.T) {
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			e := editing(t, c.mfad, c.config, "")
			changes, err := c.act(e)
			if err != nil {
				t.Fatal(err)
			}
			check(t, "mfad's file", content(t, e.Paths.Mfad), c.wantMfad)
			check(t, "AWS's config", content(t, e.Paths.Config), c.wantConfig)
			for _, ch := range changes {
				if ch.Backup == "" {
					continue
				}
				if info, err := os.Stat(ch.Backup); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("backup %s: %v %v", ch.Backup, info, err)
				}
				check(t, "the backup", content(t, ch.Backup), map[string]string{e.Paths.Mfad: c.mfad, e.Paths.Config: c.config}[ch.File])
			}
			if changes, err := c.act(e); err != nil || len(changes) > 0 {
				t.Errorf("the same again: %v, %v", changes, err)
			}
			if _, err := c.undo(e); err != nil {
				t.Fatal(err)
			}
			check(t, "mfad's file, undone,", content(t, e.Paths.Mfad), c.mfad)
			check(t, "AWS's config, undone,", content(t, e.Paths.Config), c.config)
		})
	}
}

func TestReleaseKeepsWhatChangedSince(t *testing.T) {
	e := editing(t, "", "[profile p]\nrole_arn = "+admin+"\nregion = eu-west-1\nsource_profile = base\n", "")
	if _, err := adoptP(e); err != nil {
		t.Fatal(err)
	}
	rewrite(t, e.Paths.Mfad, strings.NewReplacer("admin", "other", "source_profile = base\n", "source_profile = base\nexternal_id = ext\n"))
	rewrite(t, e.Paths.Config, strings.NewReplacer("region = eu-west-1\n", "s3 =\n  a = 1\n  b = 2\nregion = eu-west-2\n"))
	if _, err := releaseP(e); err != nil {
		t.Fatal(err)
	}
	check(t, "AWS's config", content(t, e.Paths.Config), "[profile p]\nrole_arn = arn:aws:iam::111122223333:role/other\ns3 =\n  a = 1\n  b = 2\nsource_profile = base\nregion = eu-west-2\nexternal_id = ext\n")
}

func TestReleaseOfAnEmptiedSectionGivesNothingBack(t *testing.T) {
	e := editing(t, "[profile p]\n# adopted by mfad: lines 1 of its section\n", "[profile p]\ncredential_process = mfad credentials --profile p\nregion = eu-west-1\n", "")
	if _, err := releaseP(e); err != nil {
		t.Fatal(err)
	}
	check(t, "mfad's file", content(t, e.Paths.Mfad), "")
	check(t, "AWS's config", content(t, e.Paths.Config), "[profile p]\nregion = eu-west-1\n")
}

func rewrite(t *testing.T, name string, r *strings.Replacer) {
	t.Helper()
	if err := os.WriteFile(name, []byte(r.Replace(content(t, name))), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEditsRefuseAndChangeNothing(t *testing.T) {
	const role = "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n"
	const keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = hunter2\n"
	add := func(p NewProfile) func(*Editor) ([]Change, error) {
		return func(e *Editor) ([]Change, error) { return e.Add(context.Background(), p) }
	}
	key := []Setting{{config.KeyAccessKey, "k"}}
	for _, c := range []struct {
		name                      string
		mfad, config, credentials string
		act                       func(*Editor) ([]Change, error)
		is                        error
		want                      string
	}{
		{name: "add: control characters in the name", act: add(NewProfile{Name: "p\n[x]", Settings: key}), is: config.ErrBadName, want: "write 1 to 64"},
		{name: "add: a name that a command line would take for a flag", act: add(NewProfile{Name: "-p", Settings: key}), is: config.ErrBadName, want: "no hyphen first"},
		{name: "add: newline in a value", act: add(NewProfile{Name: "p", Settings: []Setting{{config.KeyAccessKey, "k\nrole_arn = x"}}}), is: config.ErrBadConfig, want: "control characters"},
		{name: "add: a value that would be a comment", act: add(NewProfile{Name: "p", Settings: key, Output: "json # no"}), is: config.ErrBadConfig, want: "cannot hold"},
		{name: "add: bad ARN", act: add(NewProfile{Name: "p", Settings: []Setting{{config.KeyRoleARN, "x"}, {config.KeyAccessKey, "k"}}}), is: config.ErrBadConfig, want: `role_arn "x" is not a role; write arn:aws:iam::ACCOUNT:role/NAME; nothing was written`},
		{name: "add: bad policy", act: add(NewProfile{Name: "p", Settings: []Setting{{config.KeyPolicy, "{"}}}), is: config.ErrBadConfig, want: "not JSON"},
		{name: "add: a loop", mfad: "[profile q]\nsource_profile = p\n", act: add(NewProfile{Name: "p", Settings: []Setting{{config.KeySourceProfile, "q"}}}), is: config.ErrBadConfig, want: "loop p -> q -> p"},
		{name: "add: another of that name", mfad: "[profile p]\nmfad_access_key = other\n", act: addP, is: ErrExists, want: "F:1: profile \"p\" exists"},
		{name: "add: a role of that name", config: role, act: addP, is: ErrTaken, want: "C:3: profile \"p\" has source_profile there"},
		{name: "add: keys of that name", credentials: "[p]\n" + keys, act: addP, is: ErrKeys, want: "K:2: profile \"p\" has keys there, and AWS's tools would use those"},
		{name: "add: Identity Center of that name", config: "[profile p]\nsso_session = s\n", act: addP, is: config.ErrBadConfig, want: "C:2: sso_session: mfad does not serve"},
		{name: "add: another region", config: "[profile p]\nregion = eu-west-9\n", act: addP, is: config.ErrConflict, want: `C:2: profile "p" has another region there`},
		{name: "add: declared twice", config: "[profile p]\n[profile q]\n[profile p]\n", act: addP, is: config.ErrConflict, want: `C:3: profile "p" is declared a second time, after line 1`},
		{name: "add: a broken file", config: "[profile p\n", act: addP, is: config.ErrBadConfig, want: "C:1: Profile definition must end with ']'"},
		{name: "add: in double quotes", config: "# c\n[profile \"p\"]\nregion = x\n", act: addP, is: config.ErrConflict, want: `C:2: profile "p" stands there in quotes`},
		{name: "add: in single quotes in mfad's file", mfad: "[profile 'p']\nmfad_access_key = k\n", act: addP, is: config.ErrConflict, want: `F:1: profile "p" stands there in quotes, and some of AWS's tools would lose one of the two; write [profile p] there`},
		{name: "add: beside a line that is served all the same", config: "[profile q]\n region: x\n", act: addP, is: config.ErrBadConfig, want: "C:2: Expected a property definition, found continuation"},
		{name: "adopt: in quotes", config: strings.Replace(role, "profile p", "profile 'p'", 1), act: adoptP, is: config.ErrConflict, want: `C:1: profile "p" stands there in quotes`},
		{name: "remove: nothing", act: removeP, is: config.ErrNoProfile, want: `F: has no profile "p"`},
		{name: "remove: somebody else's", config: role, act: removeP, is: config.ErrNoProfile, want: `F: has no profile "p"`},
		{name: "remove: adopted", mfad: "[profile p]\n# adopted by mfad: lines 1 of it\nmfad_access_key = k\n", act: removeP, is: ErrAdopted, want: "F:1: profile \"p\" was adopted"},
		{name: "adopt: nothing", act: adoptP, is: config.ErrNoProfile, want: `C: has no profile "p"`},
		{name: "adopt: no role", config: "[profile p]\nregion = x\n", act: adoptP, is: ErrNothingToAdopt, want: "C:1: profile \"p\" says nothing of a role"},
		{name: "adopt: keys", config: role, credentials: "[p]\n" + keys, act: adoptP, is: ErrKeys, want: "K:2: profile \"p\" has keys there"},
		{name: "adopt: a role in the credentials file", config: role, credentials: "[p]\nrole_arn = " + deep + "\n", act: adoptP, is: config.ErrConflict, want: `K:2: profile "p" has role_arn there, where AWS's tools look first`},
		{name: "adopt: no source", config: "[profile p]\nrole_arn = " + admin + "\n", act: adoptP, is: config.ErrBadConfig, want: `C:2: role_arn of profile "p" has no source`},
		{name: "adopt: web identity", config: role + "web_identity_token_file = /x\n", act: adoptP, is: config.ErrBadConfig, want: "C:4: web_identity_token_file"},
		{name: "adopt: another of that name", mfad: "[profile p]\nrole_arn = " + admin + "\nmfad_access_key = k\n", config: role, act: adoptP, is: ErrExists, want: `F:1: profile "p" exists`},
		{name: "release: nothing", act: releaseP, is: config.ErrNoProfile, want: `F: has no profile "p"`},
		{name: "release: added", mfad: "[profile p]\nmfad_access_key = k\n", act: releaseP, is: ErrNotAdopted, want: "F:1: profile \"p\" was not adopted"},
		{name: "release: another is there", mfad: "[profile p]\n# adopted by mfad: lines 1 of it\nrole_arn = " + admin + "\n", config: "[profile p]\nrole_arn = " + deep + "\n", act: releaseP, is: config.ErrConflict, want: `C:1: profile "p" says again who it is, and other than F:1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := editing(t, c.mfad, c.config, c.credentials)
			changes, err := c.act(e)
			var conflict *Conflict
			if errors.As(err, &conflict) != errors.Is(err, config.ErrConflict) || conflict != nil && conflict.Profile != "p" {
				t.Errorf("the conflict is %+v", conflict)
			}
			if !errors.Is(err, c.is) || len(changes) > 0 {
				t.Fatalf("error %v, changes %v, want %v", err, changes, c.is)
			}
			got := strings.NewReplacer(e.Paths.Mfad, "F", e.Paths.Config, "C", e.Paths.Credentials, "K").Replace(err.Error())
			if !strings.Contains(got, c.want) || strings.Contains(got, "\n") || strings.Contains(got, "hunter") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			check(t, "mfad's file", content(t, e.Paths.Mfad), c.mfad)
			check(t, "AWS's config", content(t, e.Paths.Config), c.config)
			check(t, "AWS's credentials", content(t, e.Paths.Credentials), c.credentials)
		})
	}
}

func TestEditorRefusesAProgramThatIsNotMfad(t *testing.T) {
	for _, program := range []string{"mfad", "/usr/bin/other", "/usr/bin/mf\nad"} {
		e := editing(t, "", "", "")
		e.Program = program
		if _, err := addP(e); err == nil {
			t.Errorf("%q was taken", program)
		}
	}
}

func TestAddServesTheDefaultProfile(t *testing.T) {
	e := editing(t, "", "", "")
	if _, err := e.Add(t.Context(), NewProfile{Name: "default", Settings: []Setting{{config.KeyAccessKey, "k"}, {config.KeyPolicy, "{\n \"Statement\": []\n}"}}}); err != nil {
		t.Fatal(err)
	}
	check(t, "AWS's config", content(t, e.Paths.Config), "[default]\n# added by mfad; `mfad profile remove default` takes it away\ncredential_process = /usr/bin/mfad credentials --profile default\n")
	if got := content(t, e.Paths.Mfad); !strings.HasSuffix(got, "[profile default]\nmfad_access_key = k\npolicy = {\"Statement\":[]}\n") {
		t.Errorf("mfad's file is %q", got)
	}
}

// meddler is a file system on which another program writes a file between our
// reading and our writing.
type meddler struct {
	durable.FS
	name, text string
}

func (m *meddler) ReadFile(name string) ([]byte, error) {
	data, err := m.FS.ReadFile(name)
	if name == m.name && m.text != "" {
		text := m.text
		m.text = ""
		err = os.WriteFile(name, []byte(text), 0o600)
	}
	return data, err
}

func TestEditsDoNotOverwriteAnotherProgram(t *testing.T) {
	const theirs = "[default]\nregion = eu-west-1\n"
	e := editing(t, "", "[default]\n", "")
	e.FS = &meddler{FS: durable.OS, name: e.Paths.Config, text: theirs}
	if _, err := addP(e); !errors.Is(err, config.ErrConflict) || !strings.Contains(err.Error(), "changed by another program") {
		t.Errorf("error %v", err)
	}
	check(t, "AWS's config", content(t, e.Paths.Config), theirs)
	if _, err := addP(e); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestKeysLeaveTheCredentialsFileAlone(t *testing.T) {
	const before = "; mine\r\n[a]\r\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\r\naws_secret_access_key = one\r\n\r\n# of b\r\n[b]\r\nregion = x\r\nAWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLB\r\naws_secret_access_key=two\r\n"
	e := editing(t, "", "", before)
	for profile, want := range map[string]string{"a": "one", "b": "two"} {
		s, err := e.KeysOf(profile)
		if err != nil || string(s.Secret.Bytes) != want {
			t.Fatalf("keys of %s: %v, %v", profile, s.ID, err)
		}
	}
	changes, err := e.RemoveKeys(context.Background(), "b")
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	check(t, "AWS's credentials", content(t, e.Paths.Credentials), strings.Replace(before, "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLB\r\naws_secret_access_key=two\r\n", "", 1))
	if _, err := e.RemoveKeys(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	check(t, "AWS's credentials", content(t, e.Paths.Credentials), "; mine\r\n\r\n# of b\r\n[b]\r\nregion = x\r\n")
	if changes, err := e.RemoveKeys(context.Background(), "a"); err != nil || len(changes) > 0 {
		t.Errorf("the same again: %v, %v", changes, err)
	}
	if _, err := e.KeysOf("a"); !errors.Is(err, config.ErrNoProfile) {
		t.Errorf("keys that are gone: %v", err)
	}
}

func TestKeysOfRefusesTemporaryKeys(t *testing.T) {
	e := editing(t, "", "", "[p]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = one\naws_session_token = t\n")
	if _, err := e.KeysOf("p"); !errors.Is(err, config.ErrBadConfig) || !strings.Contains(err.Error(), "credentials:4: the keys of profile \"p\" are temporary") {
		t.Error(err)
	}
}

func TestEditsFollowALinkAndKeepTheMode(t *testing.T) {
	e := editing(t, "", "", "")
	shared := filepath.Join(t.TempDir(), "dotfiles-config")
	if err := os.WriteFile(shared, []byte("[default]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// A mode that the umask would narrow.
	if err := os.Chmod(shared, 0o666); err != nil {
		t.Fatal(err)
	}
	link(t, shared, e.Paths.Config)
	changes, err := addP(e)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(e.Paths.Config); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link: %v, %v", info, err)
	}
	if info, err := os.Lstat(shared); err != nil || info.Mode() != 0o666 {
		t.Errorf("its target: %v, %v", info, err)
	}
	if !strings.Contains(content(t, shared), "[profile p]") {
		t.Error("the target was not written")
	}
	if got := changes[len(changes)-1].Backup; got != BackupOf(e.Paths.Config) {
		t.Errorf("backup %s", got)
	}
	if info, err := os.Stat(e.Paths.Mfad); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a new file: %v, %v", info, err)
	}
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func TestEditsRefuseALinkToNothing(t *testing.T) {
	e := editing(t, "", "", "")
	link(t, filepath.Join(t.TempDir(), "gone"), e.Paths.Config)
	if _, err := addP(e); !errors.Is(err, config.ErrConflict) {
		t.Error(err)
	}
}

func TestEditsWaitForEachOther(t *testing.T) {
	e := editing(t, "", "", "")
	errs := make(chan error)
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		go func() {
			_, err := e.Add(context.Background(), NewProfile{Name: name, Settings: []Setting{{config.KeyAccessKey, "k"}}})
			errs <- err
		}()
	}
	for range names {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for _, name := range names {
		if !strings.Contains(content(t, e.Paths.Config), "credentials --profile "+name+"\n") {
			t.Errorf("%s was lost", name)
		}
	}
}
