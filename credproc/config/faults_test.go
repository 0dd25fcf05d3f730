package config

import (
	"slices"
	"strings"
	"testing"
)

const (
	oddSource = "mfad_access_key = k\n"
	oddRegion = "region = eu-south-2\n"
)

// oddSections are sections of a profile "odd" with a line that somebody does not
// read: the region that the profile is served with, or a part of its fault, and
// the line of that.
var oddSections = []struct {
	name, text string
	want       string
	line       int // in the section
}{
	{"an indented first setting", "[profile odd]\n  region = eu-south-2\n  " + oddSource, "eu-south-2", 0},
	{"tabs", "[profile odd]\n\tregion = eu-south-2\n\t" + oddSource, "eu-south-2", 0},
	{"less and less indented", "[profile odd]\n   region = eu-south-2\n  mfad_access_key = k\n output = json\nca_bundle =\n", "eu-south-2", 0},
	{"an indented block", "[profile odd]\n  region = eu-south-2\n  mfad_access_key = k\n  s3 =\n    max_queue_size = 7\n", "eu-south-2", 0},
	{"a colon", "[profile odd]\nregion: eu-south-2\n" + oddSource, "eu-south-2", 0},
	{"a colon before an equals sign", "[profile odd]\nmfad_access_key:a=b\n" + oddRegion, `mfad_access_key "a=b" is not a name`, 1},
	{"an indented colon", "[profile odd]\n region : eu-south-2\n " + oddSource, "eu-south-2", 0},
	{"text behind the bracket", "[profile odd] here\n" + oddRegion + oddSource, "eu-south-2", 0},
	{"an indented header", "  [profile odd]\n" + oddRegion + oddSource, "eu-south-2", 0},
	{"all indented", "  [profile odd]\n  region = eu-south-2\n  " + oddSource, "eu-south-2", 0},
	{"a nested line without a name", "[profile odd]\n" + oddRegion + oddSource + "s3 =\n = x\n", "eu-south-2", 0},
	{"a form feed", "[profile odd]\n\f" + oddRegion + "\u00a0" + oddSource, "eu-south-2", 0},
	{"double quotes", "[profile \"odd\"]\n" + oddRegion + oddSource, "eu-south-2", 0},
	{"single quotes", "[profile 'odd' ] # c\n" + oddRegion + oddSource, "eu-south-2", 0},
	{"quotes in parts", "[profile o\"d\"'d']\n" + oddRegion + oddSource, "eu-south-2", 0},
	{"a comment in Latin-1", "[profile odd]\n# f\xfcr\nregion = eu-south-2 ; f\xfcr\n" + oddSource, "eu-south-2", 0},
	{"no final newline", "[profile odd]\n" + oddSource + "region = eu-south-2", "eu-south-2", 0},
	{"a long line", "[profile odd]\n" + oddRegion + oddSource + "x = " + strings.Repeat("y", 1<<20) + "\n", "eu-south-2", 0},

	{"an open bracket", "[profile odd\n" + oddRegion + oddSource, "Profile definition must end with ']'", 0},
	{"an open bracket before a comment", "[profile odd # ]\n" + oddRegion + oddSource, "Profile definition must end with ']'", 0},
	{"no equals sign", "[profile odd]\nregion\n" + oddSource, "Expected an '=' sign defining a property", 1},
	{"no name", "[profile odd]\n" + oddSource + "= x\n", "Property did not have a name", 2},
	{"no name before a colon", "[profile odd]\n" + oddSource + ": x\n", "Property did not have a name", 2},
	{"a continuation of nothing", "[profile odd]\n  x\n" + oddSource, "Expected a property definition, found continuation", 1},
	{"a nested line without an equals sign", "[profile odd]\n" + oddSource + "s3 =\n  x\n", "Expected an '=' sign defining a sub-property", 3},
	{"a nested line with a colon", "[profile odd]\n" + oddSource + "s3 =\n  x: y\n", "Expected an '=' sign defining a sub-property", 3},
	{"a setting as deep as the block above", "[profile odd]\n  s3 =\n    x = y\n  " + oddSource, "stands as deep as the one above it", 3},
	{"a carriage return", "[profile odd]\nregion = x\r" + oddSource, "a carriage return stands inside the line", 1},
	{"a file of carriage returns", "[profile odd]\rregion = x\r" + oddSource, "a carriage return stands inside the line", 0},
	{"a hidden setting", "[profile odd]\n# x\rregion = x\n" + oddSource, "a carriage return stands inside the line", 1},
	{"Latin-1", "[profile odd]\nrole_session_name = f\xfcr\n" + oddSource, "the line is not UTF-8", 1},
	{"two forms of one name", "[profile odd]\n" + oddSource + "[profile 'odd']\n" + oddRegion, "the same name stands above with other quotes", 2},
	{"a fault in the second of two parts", "[profile odd]\n" + oddSource + "[profile x]\n[profile odd]\nx\n", "Expected an '=' sign", 4},
	{"a section of services", "[profile odd]\nservices = s\nrole_arn = " + admin + "\n" + oddSource + "[services s]\nx\n", "Expected an '=' sign", 5},
}

// One section's odd line keeps no other profile of any file from being served,
// and is told to who asks for the profile and to who asks for all faults.
func TestAnOddLineIsTheFaultOfItsOwnSection(t *testing.T) {
	const before, after = "[profile before]\nregion = eu-north-1\nmfad_access_key = k\n", "[profile after]\nregion = eu-west-3\nmfad_access_key = k\n"
	for _, odd := range oddSections {
		for _, file := range []string{"mfad's file", "AWS's config"} {
			t.Run(odd.name+" in "+file, func(t *testing.T) {
				text := before + odd.text + "\n" + after
				keys := "[keys]\n" + judgeKeys + "[after]\noutput = json\n"
				r := setup(t, "", text, keys, nil)
				name := r.Paths().Config
				if file == "mfad's file" {
					r = setup(t, text, "[profile aws]\noutput = json\n", keys, nil)
					name = r.Paths().Mfad
				}
				for profile, region := range map[string]string{"before": "eu-north-1", "after": "eu-west-3", "keys": ""} {
					if chain, err := r.Resolve(Query{Profile: profile}); err != nil || chain.Region.Text != region {
						t.Errorf("profile %s: %v, %v", profile, chain, err)
					}
				}
				chain, err := r.Resolve(Query{Profile: "odd"})
				if strings.HasPrefix(odd.want, "eu-") {
					if err != nil || chain.Region.Text != odd.want {
						t.Fatalf("%v, %v", chain, err)
					}
				} else if place := (Origin{File: name, Line: 4 + odd.line}).String(); err == nil || !strings.HasPrefix(err.Error(), place+": ") || !strings.Contains(err.Error(), odd.want) {
					t.Fatalf("%v, want %s: %s", err, place, odd.want)
				}
				infos, err := r.Profiles()
				if err != nil || !slices.ContainsFunc(infos, func(i ProfileInfo) bool { return i.Name == "odd" }) {
					t.Errorf("the listing lacks it: %v, %v", infos, err)
				}
			})
		}
	}
}

func TestFaultsTellWhoseLineIsRefusedAndWhoseIsRead(t *testing.T) {
	r := setup(t, "[profile a]\n x: y\n", "x\n[profile 'b']\n[profile c] d\ne\n[other]\nf\n[services s]\ng\n", "[g h]\n", nil)
	p := r.Paths()
	want := []LineFault{
		{Origin{File: p.Mfad, Line: 2}, "Expected a property definition, found continuation", "a", false},
		{Origin{File: p.Mfad, Line: 2}, "found a colon", "a", false},
		{Origin{File: p.Config, Line: 1}, "Expected a profile definition; write [profile NAME] above it", "", true},
		{Origin{File: p.Config, Line: 2}, "do not find a profile of this name", "b", false},
		{Origin{File: p.Config, Line: 3}, "take away what follows the bracket", "c", false},
		{Origin{File: p.Config, Line: 4}, "Expected an '=' sign", "c", true},
		{Origin{File: p.Config, Line: 6}, "Expected an '=' sign", "", true},
		{Origin{File: p.Config, Line: 8}, "Expected an '=' sign", "", true},
		{Origin{File: p.Credentials, Line: 1}, "do not find a profile of this name", "g h", false},
	}
	got, err := r.Faults()
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, w := range want {
		if g := got[i]; g.At != w.At || g.Profile != w.Profile || g.Refused != w.Refused || !strings.Contains(g.Text, w.Text) {
			t.Errorf("got %+v, want %+v", g, w)
		}
	}
}

// Names that AWS's own tools write or take are served, those that a terminal
// would act on are not.
func TestNamesThatAWSToolsWriteAreServed(t *testing.T) {
	for _, row := range []struct{ config, credentials, name string }{
		{config: "[profile 100%]", name: "100%"},
		{config: "[profile a,b]", name: "a,b"},
		{config: "[profile größe]", name: "größe"},
		{config: "[profile 日本]", name: "日本"},
		{config: "[profile 'my team']", name: "my team"},
		{config: `[profile "my team"]`, name: "my team"},
		{config: `[profile 'jo'"'"'s team']`, name: "jo's team"},
		{config: "[profile 'a #b']", name: "a #b"},
		{config: "[profile 'a]b']", name: "a]b"},
		{config: "[profile foo!bar]", name: "foo!bar"},
		{credentials: "[my team]", name: "my team"},
		{credentials: "[größe]", name: "größe"},
		{config: "[profile my team]"},
		{config: "[profile 'my team]"},
		{config: `[profile my\ team]`},
		{config: "[profile ''' ']"},
		{config: "[profile '']"},
		{config: "[profile ' a']"},
		{config: "[profile a\u202eb]"},
		{config: "[profile a\x1b[m]"},
		{config: "[profile a\x00b]"},
		{config: "[profile " + strings.Repeat("ü", 129) + "]"},
		{config: "[Profile x]"},
		{config: "[profile]"},
		{config: "[profilex]"},
		{config: "[x]"},
		{config: "[]"},
		{credentials: "[profile x]"},
		{credentials: "[]"},
	} {
		below := "\n" + judgeKeys
		config, credentials := row.config, row.credentials
		if config != "" {
			config += below
		} else {
			credentials += below
		}
		r := setup(t, "", config, credentials, nil)
		infos, err := r.Profiles()
		if err != nil {
			t.Fatal(err)
		}
		if row.name == "" {
			if len(infos) > 0 {
				t.Errorf("%q%q: %v are profiles", row.config, row.credentials, infos)
			}
			continue
		}
		if len(infos) != 1 || infos[0].Name != row.name {
			t.Errorf("%q%q: %v, want %q", row.config, row.credentials, infos, row.name)
		}
		if _, err := r.Resolve(Query{Profile: row.name}); err != nil {
			t.Errorf("%q: %v", row.name, err)
		}
	}
}

// A name that each tool reads differently is nobody's, and is told.
func TestANameThatNobodyAgreesOnIsTold(t *testing.T) {
	for _, name := range []string{`o'neil`, `"a`, `a"`, `a\b`, `"a\"b"`} {
		r := setup(t, "", "[profile "+name+"]\n"+oddRegion+oddSource+"[profile p]\n"+oddRegion+oddSource, "", nil)
		faults, err := r.Faults()
		if err != nil || len(faults) != 1 || faults[0].At.Line != 1 || !faults[0].Refused || !strings.Contains(faults[0].Text, "a quote that does not close") {
			t.Errorf("%s: got %+v, %v", name, faults, err)
		}
		if _, err := r.Resolve(Query{Profile: "p"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
