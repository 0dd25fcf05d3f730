package config

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// trial is a set of files and variables that every judge is shown.
type trial struct {
	config, credentials, profile string
	env                          map[string]string
	reader                       *Reader
}

// show writes the files of a trial.
func (c *trial) show(t *testing.T) {
	t.Helper()
	c.reader = setup(t, "", c.config, c.credentials, c.env)
}

// verdict of the Go SDK, under the variables of the trial and no others.
func (c *trial) sdk(t *testing.T) story {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range c.env {
		t.Setenv(name, value)
	}
	return sdkStory(t, c.reader.paths, c.profile)
}

// differences of two stories, but for a session name that a tool made up.
func differences(ours, theirs story) string {
	if ours.Fault != "" || theirs.Fault != "" {
		if (ours.Fault != "") == (theirs.Fault != "") {
			return ""
		}
		return fmt.Sprintf("ours %q, theirs %q", ours.Fault, theirs.Fault)
	}
	theirs.Roles = slices.Clone(theirs.Roles)
	for i, role := range ours.Roles {
		if role.Name == "" && i < len(theirs.Roles) {
			theirs.Roles[i].Name = ""
		}
	}
	return gocmp.Diff(hoisted(theirs), hoisted(ours))
}

// hoisted has one device for the whole chain, the one of the profile that was
// asked for before those of its sources: AWS takes a code of the identity
// alone, so that it must be proved once, below all roles.
func hoisted(s story) story {
	serial := ""
	for i, role := range s.Roles {
		serial = cmp.Or(role.Serial, serial)
		s.Roles[i].Serial = ""
	}
	if n := len(s.Roles); n > 0 {
		s.Roles[n-1].Serial = serial
	}
	return s
}

const (
	judgeKeys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = secret\n"
	judgeRole = "[profile p]\nrole_arn = " + admin + "\nsource_profile = base\n"
)

// generator writes files at random that AWS's tools accept, with all that may
// vary about how and where a thing is said. Of one seed there are two writings
// with one meaning: a plain one, for botocore takes no comment behind a value
// and no section twice, and one with every freedom of the format.
type generator struct {
	*rand.Rand
	plain     bool
	temporary bool
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }
func (g *generator) maybe(percent int) bool   { return g.IntN(100) < percent }

// free is how a thing is written: the first way is the plain one.
func (g *generator) free(of ...string) string {
	if way := g.pick(of...); !g.plain {
		return way
	}
	return of[0]
}

// trial has a chain of 0 to 4 roles, whose last one is p0.
func (g *generator) trial() trial {
	var config, credentials strings.Builder
	g.temporary = g.maybe(20)
	region := g.pick("us-east-1", "eu-west-1", "ap-southeast-2", "eu-south-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1")
	hops := g.IntN(5)
	for i := range hops {
		g.role(&config, i, region)
	}
	g.source(&config, &credentials, fmt.Sprintf("p%d", hops), region)
	config.WriteString(g.pick("", "[default]\nregion = sa-east-1\noutput = text\n"))
	config.WriteString(g.pick("", "[sso-session s]\nsso_region = eu-west-1\n[services s]\ns3 =\n  endpoint_url = http://127.0.0.1:1\n"))
	c := trial{config: config.String(), credentials: credentials.String(), profile: "p0", env: map[string]string{}}
	for _, v := range [][2]string{
		{"AWS_REGION", region},
		{"AWS_DEFAULT_REGION", region},
		{"AWS_USE_FIPS_ENDPOINT", g.pick("true", "false")},
		{"AWS_USE_DUALSTACK_ENDPOINT", g.pick("true", "false")},
	} {
		if g.maybe(10) {
			c.env[v[0]] = v[1]
		}
	}
	return c
}

func (g *generator) role(b *strings.Builder, i int, region string) {
	partition := partitionOf(region)
	lines := []string{
		fmt.Sprintf("role_arn = arn:%s:iam::%012d:role/%s", partition, 100000000000+i, g.pick("r", "team/path/r", "r+=,.@-_")),
		fmt.Sprintf("source_profile = p%d", i+1),
		"region = " + region,
	}
	for _, option := range []string{
		"external_id = " + g.pick("ab", "a/b:c", "x-1"), "role_session_name = " + g.pick("jo", "jo@example.org"),
		"duration_seconds = " + g.pick("1000", "3600", "1800"), "use_fips_endpoint = " + g.pick("true", "false"),
		"use_dualstack_endpoint = " + g.pick("true", "false"), "output = json", "s3 =\n  max_queue_size = 7",
		"mfa_serial = arn:" + partition + ":iam::111122223333:mfa/phone",
	} {
		if g.maybe(25) && (!g.temporary || !strings.HasPrefix(option, KeySerial)) {
			lines = append(lines, option)
		}
	}
	g.section(b, fmt.Sprintf("profile p%d", i), lines)
}

// source ends a chain, in one of the files or with its parts in both.
func (g *generator) source(config, credentials *strings.Builder, name, region string) {
	lines := strings.Split(strings.TrimSpace(judgeKeys), "\n")
	if g.temporary {
		lines = append(lines, "aws_session_token = token")
	}
	switch g.IntN(3) {
	case 0:
		g.section(config, "profile "+name, append(lines, "region = "+region))
	case 1:
		g.section(config, "profile "+name, []string{"region = " + region})
		g.section(credentials, name, lines)
	case 2: // the credentials file counts more
		g.section(config, "profile "+name, []string{"region = " + region, "aws_access_key_id = AKIAIOSFODNN7IGNORED", "aws_secret_access_key = x"})
		g.section(credentials, name, lines)
	}
}

// section writes settings in any order, perhaps in two sections of one name.
func (g *generator) section(b *strings.Builder, header string, lines []string) {
	g.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	b.WriteString("[" + header + "]" + g.free("", " # comment", "  ") + "\n")
	for i, line := range lines {
		name, value, _ := strings.Cut(line, " = ")
		if !strings.Contains(line, "\n") {
			line = g.free(name, strings.ToUpper(name)) + g.free(" = ", "=", " =", "  =\t") + value + g.free("", " ", "\t", " # comment", " ; comment")
		}
		b.WriteString(line + "\n" + g.free("", "\n", "# comment\n", "; comment = x\n"))
		if again := g.maybe(15); again && i == len(lines)/2 && !g.plain {
			b.WriteString("[profile other]\nregion = eu-west-3\n[" + header + "]\n")
		}
	}
}

// Both writings of each trial mean the same to us; the free one means it to
// the Go SDK, and the plain one to botocore.
func TestRandomFilesMeanToUsWhatTheyMeanToAWSTools(t *testing.T) {
	const count = 150
	plain, free := make([]trial, count), make([]trial, count)
	for i := range plain {
		for _, writing := range []struct {
			to    *trial
			plain bool
		}{{&plain[i], true}, {&free[i], false}} {
			g := generator{Rand: rand.New(rand.NewPCG(uint64(i), 1)), plain: writing.plain}
			*writing.to = g.trial()
			writing.to.show(t)
		}
	}
	botocore := botocoreStories(t, plain)
	for i := range plain {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			ours := ourStory(t, free[i].reader, "p0")
			for _, judge := range []struct {
				name   string
				theirs story
			}{
				{"our own, of the plain files", ourStory(t, plain[i].reader, "p0")},
				{"the Go SDK's", free[i].sdk(t)},
				{"botocore's", botocore[i]},
			} {
				if diff := differences(ours, judge.theirs); diff != "" {
					t.Errorf("(-%s +ours)\n%s\nvariables %v\n%s\n%s", judge.name, diff, free[i].env, free[i].config, free[i].credentials)
				}
			}
			if ours.Fault != "" && !strings.Contains(ours.Fault, "has no source") {
				t.Logf("refused by all: %s", ours.Fault)
			}
		})
	}
}
