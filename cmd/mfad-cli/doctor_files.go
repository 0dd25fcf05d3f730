package main

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
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/credproc/config/edit"
)

// files: readable, parseable, not open to others, and the ones that the agent reads.
func (d *diagnosis) files(context.Context) {
	const check = "files"
	var err error
	if d.paths, err = config.DefaultPaths(d.cli.getenv); err != nil {
		d.failBy(check, judgedConfig(err))
		return
	}
	if _, err := d.reader().Profiles(); err != nil {
		d.failBy(check, judgedConfig(err))
	}
	for _, file := range []struct {
		path   string
		secret bool
	}{{d.paths.Mfad, false}, {d.paths.Config, false}, {d.paths.Credentials, true}} {
		d.file(check, file.path, file.secret)
	}
	if d.status == nil {
		return
	}
	for _, path := range []string{d.paths.Mfad, d.paths.Config, d.paths.Credentials} {
		if !slices.Contains(d.status.ConfigFiles, path) {
			d.warn(check, `Run "mfad agent restart" in this shell.`, "this shell means %s, and the agent reads %s", path, strings.Join(d.status.ConfigFiles, ", "))
		}
	}
}

func (d *diagnosis) reader() *config.Reader { return config.NewReader(d.paths, d.cli.getenv) }

func (d *diagnosis) file(check, path string, secret bool) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.ok(check, "%s does not exist", path)
	case err != nil:
		d.fail(check, "Make it readable for you.", "%v", err)
	case writableByOthers(info):
		d.fail(check, "Run \"chmod go-w "+path+"\".", "%s can be written by others, who could send your codes elsewhere", path)
	case secret && openToOthers(info):
		d.warn(check, "Run \"chmod 600 "+path+"\".", "%s can be read by others (mode %04o)", path, info.Mode().Perm())
	default:
		d.ok(check, "%s", path)
	}
	if backup := edit.BackupOf(path); secret && exists(backup) {
		d.warn(check, "Delete it when you are satisfied: \"rm "+backup+"\".", "%s holds keys as they were before the last change", backup)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// harm says what AWS's tools do when a profile has a setting beside its
// credential_process.
func harm(key string) string {
	switch key {
	case "role_arn":
		return "the AWS CLI and JavaScript assume the role themselves and do not ask mfad; Go refuses the profile"
	case "aws_access_key_id":
		return "keys in the credentials file win in every SDK, and those in config win in Go and JavaScript"
	case "login_session":
		return "the AWS CLI and Go use the session of `aws login` instead"
	case "web_identity_token_file":
		return "the AWS CLI and JavaScript use the web identity instead; Go refuses the profile"
	}
	return "the AWS CLI and Go sign in by IAM Identity Center instead" // sso_…
}

// cure says what to do about it.
func cure(profile, key string) string {
	switch key {
	case "role_arn":
		return fmt.Sprintf(`Run "mfad profile adopt %s".`, profile)
	case "aws_access_key_id":
		return fmt.Sprintf(`Run "mfad key import --from-profile %s".`, profile)
	}
	return "Delete that line, or choose another name for mfad's profile."
}

// served: the profiles by which aws comes to mfad.
func (d *diagnosis) served(context.Context) {
	const check = "profiles"
	served, err := d.reader().Served()
	if err != nil {
		return // told by files
	}
	if len(served) == 0 {
		d.warn(check, `Run "mfad profile add PROFILE --role-arn ARN --source base --mfa-serial ARN".`, "aws finds mfad for no profile")
		return
	}
	before := len(d.findings)
	for _, s := range served {
		d.process(check, s)
		for _, rival := range s.Rivals {
			d.warn(check, cure(s.Name, rival.Text), "%s: %s of profile %q: %s", rival.Origin, rival.Text, s.Name, harm(rival.Text))
		}
	}
	if len(d.findings) == before {
		d.ok(check, "aws finds mfad for %s", counted(len(served), "profile"))
	}
}

// process: whether a credential_process runs this mfad, for its own profile.
func (d *diagnosis) process(check string, s config.Served) {
	rewrite := fmt.Sprintf("Write it as \"credential_process = %s credentials --profile %s\".", d.self(), s.Name)
	switch {
	case strings.ContainsAny(s.Program, "$~"):
		d.fail(check, rewrite, "%s: the AWS CLI expands neither $ nor ~ in %q", s.Process.Origin, s.Program)
	case !filepath.IsAbs(s.Program):
		d.warn(check, rewrite, "%s: %q is found only where PATH has it", s.Process.Origin, s.Program)
	case !exists(s.Program):
		d.fail(check, rewrite, "%s: %s does not exist", s.Process.Origin, s.Program)
	case filepath.Base(s.Program) == filepath.Base(d.self()) && !sameFile(s.Program, d.self()):
		d.warn(check, rewrite, "%s: %s is another mfad than this one", s.Process.Origin, s.Program)
	}
	if s.Asks != s.Name {
		d.warn(check, rewrite, "%s: profile %q asks for the credentials of %q", s.Process.Origin, s.Name, orDash(s.Asks))
	}
}

func (d *diagnosis) self() string {
	self, err := ownPath()
	if err != nil {
		return "/path/to/mfad"
	}
	return self
}

// profiles: whether what mfad serves resolves.
func (d *diagnosis) profiles(ctx context.Context) {
	const check = "profiles"
	if d.status == nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the agent does not answer"))
	defer cancel()
	var profiles []wire.Profile
	if err := d.cli.callRunning(ctx, wire.MethodProfileList, nil, &profiles); err != nil {
		d.failBy(check, err)
		return
	}
	for _, p := range profiles {
		if p.Fault != "" && (p.Served || p.File == d.paths.Mfad) {
			d.fail(check, fmt.Sprintf("Correct it, then run \"mfad profile show %s\".", orName(p.Name)), "profile %q: %s", p.Name, p.Fault)
		}
	}
}

// environment: what in this shell keeps aws from asking mfad.
func (d *diagnosis) environment(context.Context) {
	const check = "environment"
	before := len(d.findings)
	set := func(name string) bool { return d.cli.getenv(name) != "" }
	if set("AWS_ACCESS_KEY_ID") {
		d.warn(check, "Run \"unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN\".", "AWS_ACCESS_KEY_ID is set: it wins over AWS_PROFILE in most tools, and only --profile wins over it")
	}
	for _, name := range []string{"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_VAULT"} {
		if set(name) {
			d.warn(check, "Run \"unset "+name+"\".", "%s is set: some tools then take credentials from there", name)
		}
	}
	for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_CA_BUNDLE", "PCSCLITE_CSOCK_NAME"} {
		if set(name) {
			d.warn(check, `Run "mfad agent restart" in this shell if the agent is meant to use it.`, "%s is set: the agent heeds only the files and the environment that it was started with", name)
		}
	}
	if len(d.findings) == before {
		d.ok(check, "nothing in this shell keeps aws from asking mfad")
	}
}
