package syntax_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mfad/mfad/credproc/config/syntax"
)

// told is the faults of a document: the lines, and R for those whose section is
// not served.
func told(doc *syntax.Document) string {
	var all []string
	for _, f := range doc.Faults {
		mark := ""
		if f.Refused() {
			mark = "R"
		}
		all = append(all, fmt.Sprint(f.Line, mark))
	}
	return strings.Join(all, " ")
}

// strictly is the line at which Parse ends, 0 for none.
func strictly(t *testing.T, text string) int {
	t.Helper()
	doc, err := syntax.Parse("config", []byte(text), syntax.Config)
	var at *syntax.Error
	if errors.As(err, &at) {
		return at.Line
	}
	if err != nil || doc == nil {
		t.Fatalf("%q: %v", text, err)
	}
	return 0
}

func TestOddLinesAreTheFaultsOfTheTable(t *testing.T) {
	const p = "[profile p]\n"
	for _, test := range []struct {
		name, text string
		faults     string // as served
		line       int    // as edited
		a          string // the value of a in profile p
	}{
		{"plain", p + "a = 1\n", "", 0, "1"},
		{"no end of line", p + "a = 1", "", 0, "1"},
		{"byte order mark", syntax.BOM + p + "a = 1\n", "", 0, "1"},
		{"comments", "# x\n" + p + " ; x\n\t# x\na = 1 # x\n", "", 0, "1"},
		{"comment sign in a value", p + "a = 1#x\n", "", 0, "1#x"},
		{"open bracket", "[profile p\na = 1\n", "1R", 1, "1"},
		{"text behind the bracket", "[profile p] x\na = 1\n", "1", 1, "1"},
		{"comment behind the bracket", "[profile p]# x ]\na = 1\n", "", 0, "1"},
		{"indented header", " [profile p]\na = 1\n", "1", 1, "1"},
		{"indented header below a setting", "[profile o]\na = 2\n  [profile p]\na = 1\n", "3", 3, "1"},
		{"indented header of nothing below a setting", p + "a = 1\n  [2]\n", "", 0, "1\n[2]"},
		{"indented header of nothing", p + "  [x]\na = 2\n[profile p]\na = 1\n", "2", 2, "1"},
		{"outside", "a = 1\n" + p, "1R", 1, ""},
		{"indented outside", " a = 1\n" + p, "1R", 1, ""},
		{"no equals sign", p + "b\na = 1\n", "2R", 2, "1"},
		{"colon", p + "a: 1\n", "2", 2, "1"},
		{"colon behind the equals sign", p + "a = 1:2\n", "", 0, "1:2"},
		{"no name", p + " = 2\na = 1\n", "2 2R", 2, "1"},
		{"indented setting", p + "  a = 1\n", "2", 2, "1"},
		{"indented setting with a colon", p + "  a : 1\n", "2 2", 2, "1"},
		{"setting as deep as an indented one", p + "  b = 2\n  a = 1\n", "2 3", 2, "1"},
		{"setting deeper than an indented one", p + "  a = 1\n   b = 2\n", "2", 2, "1\nb = 2"},
		{"orphan", p + "  x\na = 1\n", "2R", 2, "1"},
		{"continuation", p + "a = 1\n x\n\ty\n", "", 0, "1\nx\ny"},
		{"comment in a continuation", p + "a = 1\n # x\n ; x\n\n y # z\n", "", 0, "1\ny # z"},
		{"nested", p + "a =\n b = 1\n c = 2\n", "", 0, "\nb = 1\nc = 2"},
		{"nested without equals sign", p + "a =\n b\n", "3R", 3, "\nb"},
		{"nested without name", p + "a =\n = 1\n", "3", 3, "\n= 1"},
		{"beside nested", p + "  b =\n  a = 1\n", "2 3R", 2, ""},
		{"carriage returns", "[profile p]\r\na = 1\r\n", "", 0, "1"},
		{"carriage return inside", p + "a = 1\r2\n", "2R", 2, "1\r2"},
		{"not UTF-8", p + "a = \xff\n", "2R", 2, "\xff"},
		{"comment not UTF-8", p + "a = 1 # \xff\n# \xff\n", "2 3", 0, "1"},
		{"header not UTF-8", "[profile \xff]\n" + p + "a = 1\n", "1R", 1, "1"},
		{"one name in two writings", p + "a = 1\n[profile 'p']\nb = 1\n", "3 3R", 0, "1"},
		{"one name in one strange writing", "[profile 'p']\na = 1\n[profile \"p\"]\nb = 1\n", "1 3", 0, "1"},
		{"the last wins", p + "a = 2\na = 3\n[profile o]\na = 4\n" + p + "A = 1\n", "", 0, "1"},
	} {
		doc := syntax.Read("config", []byte(test.text), syntax.Config)
		if got := told(doc); got != test.faults {
			t.Errorf("%s: faults in lines %q, want %q", test.name, got, test.faults)
		}
		if got := strictly(t, test.text); got != test.line {
			t.Errorf("%s: Parse ends in line %d, want %d", test.name, got, test.line)
		}
		value := ""
		if s, ok := doc.Lookup(doc.Find(syntax.Profile, "p"), "a"); ok {
			value = string(doc.Value(s))
		}
		if value != test.a {
			t.Errorf("%s: a is %q, want %q", test.name, value, test.a)
		}
	}
}

func TestHeadersMeanWhatTheirFileGivesThem(t *testing.T) {
	none := syntax.Header{}
	profile := func(name string) syntax.Header { return syntax.Header{Kind: syntax.Profile, Name: name} }
	for _, test := range []struct {
		header              string
		config, credentials syntax.Header
		alias               bool // of a name that the grammar does not have
	}{
		{"default", profile("default"), profile("default"), false},
		{"p", none, profile("p"), false},
		{"profile p", profile("p"), none, false},
		{" profile\t p ", profile("p"), none, false},
		{"profile default", profile("default"), none, false},
		{"profile", none, profile("profile"), false},
		{"sso-session s", syntax.Header{Kind: syntax.SSOSession, Name: "s"}, none, false},
		{"services s", syntax.Header{Kind: syntax.Services, Name: "s"}, none, false},
		{"plugins x", none, profile("plugins x"), true},
		{"profile aZ09_-/.%@:+", profile("aZ09_-/.%@:+"), none, false},
		{`profile "q r"`, profile("q r"), none, true},
		{"profile 'q]r'", profile("q]r"), none, true},
		{"profile 'q#r'", profile("q#r"), none, true},
		{`profile 'q\r'`, profile(`q\r`), none, true},
		{`profile q\r`, none, none, false},
		{`profile "q\r"`, none, none, false},
		{`profile ü`, profile("ü"), none, true},
		{"profile a,b", profile("a,b"), none, true},
		{"profile a b", none, none, false},
		{"profile 'a' b", none, none, false},
		{"profile ''", none, none, false},
		{"profile ' a'", none, none, false},
		{"profile 'a\u202eb'", none, none, false},
		{"profile '\u202ea'", none, none, false},
		{"profile '" + strings.Repeat("a", 256) + "'", profile(strings.Repeat("a", 256)), none, true},
		{"profile '" + strings.Repeat("a", 257) + "'", none, none, false},
		{"profile it's", none, none, false},
	} {
		for dialect, want := range map[syntax.Dialect]syntax.Header{syntax.Config: test.config, syntax.Credentials: test.credentials} {
			doc := syntax.Read("file", []byte("["+test.header+"]\n"), dialect)
			s := doc.Sections[0]
			if s.Header != want {
				t.Errorf("[%s], credentials %t: %v, want %v", test.header, dialect, s.Header, want)
			}
			alias := none
			if test.alias {
				alias = want
			}
			if s.Alias != alias {
				t.Errorf("[%s], credentials %t: alias %v, want %v", test.header, dialect, s.Alias, alias)
			}
			if _, beside := doc.Beside(want.Name); beside != (alias != none) {
				t.Errorf("[%s]: beside another of its name: %t", test.header, beside)
			}
		}
	}
}

func TestPrefixedDefaultBeatsTheOther(t *testing.T) {
	doc := syntax.Read("config", []byte("[default]\na = 1\n[profile default]\nb = 2\n[default]\nb = 3\n"), syntax.Config)
	at := doc.Find(syntax.Profile, "default")
	if _, found := doc.Lookup(at, "a"); found {
		t.Error("[default] counts beside [profile default]")
	}
	if s, found := doc.Lookup(at, "b"); !found || string(doc.Value(s)) != "2" {
		t.Error("b is not that of [profile default]")
	}
	if all := doc.Effective("default"); len(all) != 1 || all[0].Line != 3 {
		t.Errorf("%v count", all)
	}
	if doc.Following(at) != 1 || doc.Following(2) != -1 {
		t.Error("the sections of one name do not follow each other")
	}
	if doc.Find(syntax.Profile, "other") != -1 || len(doc.Effective("other")) != 0 {
		t.Error("a section that is not there is found")
	}
}

func TestPlacesOfSectionsAndFaults(t *testing.T) {
	const text = "# top\nx\n[profile a]\ny\nk = 1\n 2\n\n[profile b]\n[profile c]\nz\n"
	doc := syntax.Read("config", []byte(text), syntax.Config)
	if _, found := doc.SectionAt(2); found {
		t.Error("a section above the first header")
	}
	for line, name := range map[int32]string{3: "a", 7: "a", 8: "b", 9: "c", 10: "c"} {
		if s, found := doc.SectionAt(line); !found || s.Name != name {
			t.Errorf("line %d belongs to %q, want %q", line, s.Name, name)
		}
	}
	for i, want := range []struct {
		last, setting int32
		faults        []int32
		body          string
	}{
		{7, 6, []int32{4}, "y\nk = 1\n 2\n\n"},
		{8, 8, nil, ""},
		{10, 9, []int32{10}, "z\n"},
	} {
		s := doc.Sections[i]
		var lines []int32
		for _, f := range doc.FaultsOf(s) {
			lines = append(lines, f.Line)
		}
		if s.Last != want.last || doc.LastSetting(s) != want.setting || !slices.Equal(lines, want.faults) {
			t.Errorf("%s: ends in %d, settings in %d, faults in %v", s.Name, s.Last, doc.LastSetting(s), lines)
		}
		if got := strings.Join(doc.Body(s), ""); got != want.body {
			t.Errorf("%s: body %q, want %q", s.Name, got, want.body)
		}
	}
	if lines := syntax.Read("", []byte(syntax.BOM), syntax.Config).Lines(); len(lines) != 0 {
		t.Errorf("lines of nothing: %q", lines)
	}
}

func TestSameSectionsTellTheSame(t *testing.T) {
	first := func(text string) (*syntax.Document, syntax.Section) {
		doc := syntax.Read("config", []byte(text), syntax.Config)
		return doc, doc.Sections[0]
	}
	const text = "[profile p]\na = 1\nb = 2\n"
	doc, s := first(text)
	for other, same := range map[string]bool{
		text: true, "[profile p]\n# x\na=1 # y\n\nb =2": true, text + "[profile q]\nc = 3\n": true,
		"[profile q]\na = 1\nb = 2\n": false, "[profile p]\na = 1\nb = 3\n": false, "[profile p]\na = 1\nc = 2\n": false,
		"[profile p]\na = 1\n": false, "[default]\na = 1\nb = 2\n": false,
	} {
		other, t2 := first(other)
		if doc.Same(s, other, t2) != same {
			t.Errorf("%q: same %t", other.Data, !same)
		}
	}
	a, prefixed := first("[profile default]\n")
	b, bare := first("[default]\n")
	if a.Same(prefixed, b, bare) {
		t.Error("[profile default] beats [default], and is not the same")
	}
}

func TestPlainTextActsOnNoTerminal(t *testing.T) {
	for text, plain := range map[string]bool{"": true, "ä b": true, "a\nb": false, "a\x1b[0m": false, "\xff": false} {
		if syntax.IsPlain(text) != plain {
			t.Errorf("%q: plain %t", text, !plain)
		}
	}
}
