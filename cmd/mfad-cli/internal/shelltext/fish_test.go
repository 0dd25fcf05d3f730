package shelltext

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// runFish runs a script in a fish of its own, which has no universal variables yet.
func runFish(t *testing.T, environ []string, script string) string {
	t.Helper()
	cmd := exec.Command("fish", "-c", script)
	cmd.Env = append([]string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH")}, environ...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// In fish a variable may stand in a scope that outlives the shell, or in one that
// wins over the global one. Neither may send a client elsewhere, and the one that
// outlives the shell is not ours to erase.
func TestFishVariablesOfEveryScopeGiveWay(t *testing.T) {
	for _, how := range []struct{ dialect, evaluate string }{
		{"sh", `eval "$TEXT"`},
		{"sh", `eval (printf %s $TEXT)`},
		{"fish", `printf %s $TEXT | source`},
		{"fish", `eval (printf %s $TEXT)`},
	} {
		d, _ := Find(how.dialect)
		set := d.Set([]Variable{{"AWS_ACCESS_KEY_ID", "new"}}, "it's")
		for name, row := range map[string]struct{ script, want string }{
			"none": {`EVALUATE && env | grep ^AWS_`, "AWS_ACCESS_KEY_ID=new\n"},
			"universal": {
				`set -Ux AWS_PROFILE old; set -Ux AWS_VAULT old; set -U AWS_ROLE_ARN unexported
				EVALUATE && env | grep ^AWS_ | sort; fish -c 'set -eg AWS_PROFILE; echo $AWS_PROFILE'`,
				"AWS_ACCESS_KEY_ID=new\nAWS_PROFILE=it's\nAWS_VAULT=\nold\n",
			},
			"universal, undone": {`set -Ux AWS_PROFILE old; EVALUATE; set TEXT $UNDO; EVALUATE && env | grep ^AWS_`, "AWS_PROFILE=old\n"},
			"global":            {`set -gx AWS_PROFILE old; EVALUATE && env | grep ^AWS_`, "AWS_ACCESS_KEY_ID=new\n"},
			"of a function": {
				`function f; set -fx AWS_PROFILE old; EVALUATE && env | grep ^AWS_; end; f`, "AWS_ACCESS_KEY_ID=new\n",
			},
			"of two blocks": {
				`function f; set -lx AWS_ACCESS_KEY_ID old; begin; set -lx AWS_ACCESS_KEY_ID older; EVALUATE && env | grep ^AWS_; end; end; f`,
				"AWS_ACCESS_KEY_ID=new\n",
			},
		} {
			script := strings.ReplaceAll(row.script, "EVALUATE", how.evaluate)
			if got := runFish(t, []string{"TEXT=" + set, "UNDO=" + d.Unset()}, script); got != row.want {
				t.Errorf("%s, by %q: got\n%swant\n%s", name, how.evaluate, got, row.want)
			}
		}
	}
}
