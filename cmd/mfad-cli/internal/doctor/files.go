package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
	"github.com/mfad/mfad/cmd/mfad-cli/internal/words"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
	"github.com/mfad/mfad/internal/line"
	"github.com/mfad/mfad/internal/owner"
)

// checkFiles looks whether the files can be read and parsed, are closed to
// others, and are the ones that the agent reads.
func checkFiles(_ context.Context, e *examination, r *record) {
	var err error
	if e.paths, err = config.DefaultPaths(e.Getenv); err != nil {
		r.failBy(e, err)
		return
	}
	checkLines(e, r)
	for _, file := range []struct {
		path   string
		secret bool
	}{{e.paths.Mfad, false}, {e.paths.Config, false}, {e.paths.Credentials, true}} {
		checkFile(file.path, file.secret, r)
	}
	if e.status == nil {
		return
	}
	for _, path := range []string{e.paths.Mfad, e.paths.Config, e.paths.Credentials} {
		if !slices.Contains(e.status.ConfigFiles, path) {
			r.warn(`Run "mfad agent restart" in this shell.`,
				"this shell means %s, and the agent reads %s", path, strings.Join(e.status.ConfigFiles, ", "))
		}
	}
}

// checkLines names the lines for which a profile is not served, and those that
// only some of AWS's tools read.
func checkLines(e *examination, r *record) {
	faults, err := e.reader().Faults()
	if err != nil {
		r.failBy(e, err)
	}
	for len(faults) > 0 {
		f, more := faults[0], 1
		for more < len(faults) && faults[more].Profile == f.Profile && faults[more].Text == f.Text {
			more++ // such as an indented section, whose every line is one
		}
		faults = faults[more:]
		where := f.At.String()
		if f.Profile != "" {
			where += fmt.Sprintf(": profile %q", f.Profile)
		}
		if more > 1 {
			where += fmt.Sprintf(", and %s more", words.Count(more-1, "line"))
		}
		switch {
		case f.Refused && f.Profile != "":
			r.fail("Correct the line; until then mfad serves all profiles but this one.", "%s: %s", where, f.Text)
		case f.Refused:
			r.warn("Correct the line; until then mfad or one of AWS's tools may refuse the file, or pass over the line.", "%s: %s", where, f.Text)
		default:
			r.warn("Correct the line; mfad serves the profile, and not every tool finds it.", "%s: %s", where, f.Text)
		}
	}
}

func (e *examination) reader() *config.Reader { return config.NewReader(e.paths, e.Getenv) }

// checkFile looks at one file; a secret one is nobody else's to read.
func checkFile(path string, secret bool, r *record) {
	info, err := os.Stat(path)
	unusable := owner.Unusable(path)
	switch {
	case unusable != "":
		r.fail("Run \"chmod 600\" on it, or remove a link to nothing, then make the file.", "%s", unusable)
	case errors.Is(err, fs.ErrNotExist):
		r.ok("%s does not exist", path)
	case err != nil:
		r.fail("Make it readable for you.", "%v", err)
	case owner.WritableByOthers(info):
		r.fail("Run \"chmod go-w "+path+"\".", "%s can be written by others, who could send your codes elsewhere", path)
	case secret && owner.OpenToOthers(info):
		r.warn("Run \"chmod 600 "+path+"\".", "%s can be read by others (mode %04o)", path, info.Mode().Perm())
	default:
		r.ok("%s", path)
	}
	if backup := edit.BackupOf(path); secret && fileExists(backup) {
		r.warn("Delete it when you are satisfied: \"rm "+backup+"\".", "%s holds keys as they were before the last change", backup)
	}
}

func fileExists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// A rival is a setting that AWS's tools heed beside, or before, a profile's
// credential_process.
type rival struct {
	key  string
	harm string // what the tools do then
	cure string // what to do about it, with {profile} for its name
}

const dropLine = "Delete that line, or choose another name for mfad's profile."

var rivals = []rival{
	{
		"role_arn",
		"the AWS CLI and JavaScript assume the role themselves and do not ask mfad; Go refuses the profile",
		`Run "mfad profile adopt {profile}".`,
	},
	{
		"aws_access_key_id",
		"keys in the credentials file win in every SDK, and those in config win in Go and JavaScript",
		`Run "mfad key import --from-profile {profile}".`,
	},
	{"login_session", "the AWS CLI and Go use the session of `aws login` instead", dropLine},
	{"web_identity_token_file", "the AWS CLI and JavaScript use the web identity instead; Go refuses the profile", dropLine},
}

// findRival finds what a setting does; all others are of IAM Identity Center.
func findRival(key string) rival {
	for _, r := range rivals {
		if r.key == key {
			return r
		}
	}
	return rival{key, "the AWS CLI and Go sign in by IAM Identity Center instead", dropLine}
}

// checkServed looks at the profiles by which aws comes to mfad.
func checkServed(_ context.Context, e *examination, r *record) {
	served, err := e.reader().Served()
	if err != nil {
		return // told by files
	}
	if len(served) == 0 {
		r.warn(`Run "mfad profile add PROFILE --role-arn ARN --source KEY --mfa-serial ARN".`, "aws finds mfad for no profile")
		return
	}
	for _, s := range served {
		checkProcess(e, s, r)
		for _, setting := range s.Rivals {
			rival := findRival(setting.Text)
			cure := strings.ReplaceAll(rival.cure, "{profile}", e.PasteName(s.Name))
			r.warn(cure, "%s: %s of profile %q: %s", setting.Origin, rival.key, s.Name, rival.harm)
		}
		for _, setting := range s.Lost {
			r.warn(fmt.Sprintf("Write what it stands for into profile %s, then delete the line.", e.PasteName(s.Name)),
				"%s: %s of profile %q: aws-vault reads it, and neither mfad nor aws does", setting.Origin, setting.Text, s.Name)
		}
	}
	if len(r.findings) == 0 {
		r.ok("aws finds mfad for %s", words.Count(len(served), "profile"))
	}
}

// checkProcess looks whether a credential_process runs this mfad, for its own
// profile.
func checkProcess(e *examination, s config.Served, r *record) {
	rewrite := fmt.Sprintf("Write it as \"credential_process = %s credentials --profile %s\".", e.self(), e.PasteName(s.Name))
	switch {
	case strings.ContainsAny(s.Program, "$~"):
		r.fail(rewrite, "%s: the AWS CLI expands neither $ nor ~ in %q", s.Process.Origin, s.Program)
	case !filepath.IsAbs(s.Program):
		r.warn(rewrite, "%s: %q is found only where PATH has it", s.Process.Origin, s.Program)
	case !fileExists(s.Program):
		r.fail(`Run "mfad profile repair".`, "%s: %s does not exist", s.Process.Origin, s.Program)
	case filepath.Base(s.Program) == filepath.Base(e.self()) && !e.SameFile(s.Program, e.self()):
		r.warn(rewrite, "%s: %s is another mfad than this one", s.Process.Origin, s.Program)
	}
	if s.Asks != s.Name {
		r.warn(rewrite, "%s: profile %q asks for the credentials of %q", s.Process.Origin, s.Name, table.OrDash(s.Asks))
	}
}

func (e *examination) self() string {
	self, err := e.Self()
	if err != nil {
		return "/path/to/mfad"
	}
	return self
}

// checkProfiles asks whether the profiles that mfad serves make sense.
func checkProfiles(ctx context.Context, e *examination, r *record) {
	if e.status == nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the agent does not answer"))
	defer cancel()
	var profiles []wire.Profile
	if err := e.CallRunning(ctx, wire.MethodProfileList, nil, &profiles); err != nil {
		r.failBy(e, err)
		return
	}
	checkOrphans(ctx, e, profiles, r)
	for _, f := range faultsOf(profiles, e.paths.Mfad) {
		if e.vault != nil && f.text == line.One(e.vault.Error()) {
			continue // told by vault
		}
		r.fail(fmt.Sprintf("Correct it, then run \"mfad profile show %s\".", e.PasteName(f.of[0])), "%s: %s", f.profiles(), f.text)
	}
}

// checkOrphans looks for profiles whose key went into the vault and that aws finds
// nothing for since then. One that only its key told of stands in no file any more.
func checkOrphans(ctx context.Context, e *examination, profiles []wire.Profile, r *record) {
	var keys []wire.Key
	if err := e.CallRunning(ctx, wire.MethodKeyList, nil, &keys); err != nil {
		return // told by vault
	}
	for _, key := range keys {
		i := slices.IndexFunc(profiles, func(p wire.Profile) bool { return p.Name == key.Name })
		orphan := i < 0 && key.Name == "default" ||
			i >= 0 && !profiles[i].Served && profiles[i].RoleARN == "" && profiles[i].Source == ""
		if orphan {
			name := e.PasteName(key.Name)
			r.warn(fmt.Sprintf("Run \"mfad profile add %s --key %s\".", name, name),
				"profile %q: its access key is in the vault, and aws does not ask mfad for it", key.Name)
		}
	}
}

// A profileFault is what is wrong with one profile or with several.
type profileFault struct {
	text string
	of   []string
}

// faultsOf gathers equal faults of the profiles that mfad is asked for, in the
// order in which they were met.
func faultsOf(profiles []wire.Profile, own string) []profileFault {
	var faults []profileFault
	for _, p := range profiles {
		if p.Fault == "" || !p.Served && p.File != own {
			continue
		}
		i := slices.IndexFunc(faults, func(f profileFault) bool { return f.text == p.Fault })
		if i < 0 {
			i = len(faults)
			faults = append(faults, profileFault{text: p.Fault})
		}
		faults[i].of = append(faults[i].of, p.Name)
	}
	return faults
}

// profiles names them, the first few of many.
func (f profileFault) profiles() string {
	const most = 3
	names := f.of[:min(most, len(f.of))]
	var text strings.Builder
	text.WriteString(fmt.Sprintf("profile %q", names[0]))
	for _, name := range names[1:] {
		text.WriteString(fmt.Sprintf(", %q", name))
	}
	if more := len(f.of) - len(names); more > 0 {
		text.WriteString(fmt.Sprintf(" and %d more", more))
	}
	return text.String()
}

// checkEnvironment looks for what in this shell keeps aws from asking mfad.
func checkEnvironment(_ context.Context, e *examination, r *record) {
	set := func(name string) bool { return e.Getenv(name) != "" }
	if set("AWS_ACCESS_KEY_ID") {
		r.warn("Run \"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\".",
			"AWS_ACCESS_KEY_ID is set: it wins over AWS_PROFILE in most tools, and only --profile wins over it")
	}
	for _, name := range []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_VAULT"} {
		if set(name) {
			r.warn("Run \"unset "+name+"\".", "%s is set: some tools then take credentials from there", name)
		}
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "PCSCLITE_CSOCK_NAME"} {
		if set(name) {
			r.warn(`Run "mfad agent restart" in this shell if the agent is meant to use it.`,
				"%s is set: the agent heeds only the files and the environment that it was started with", name)
		}
	}
	if len(r.findings) == 0 {
		r.ok("nothing in this shell keeps aws from asking mfad")
	}
}
