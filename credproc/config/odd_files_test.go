package config

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// draft is a pair of files in the making: profile p, a role whose source is
// profile base, and other profiles.
type draft struct {
	*rand.Rand
	parts []*part
	above string // of AWS's config
	crlf  bool
	open  bool // no newline at the end
	bom   bool
}

// part is one section.
type part struct {
	name        string // p, base or x
	credentials bool   // the file that it is in
	before      string // its header's line
	lines       []string
}

// newDraft writes sections in any order, each with its settings in any order.
func newDraft(seed uint64) *draft {
	d := &draft{Rand: rand.New(rand.NewPCG(seed, 2))}
	p := &part{name: "p", before: "[profile p]", lines: []string{"role_arn = " + admin, "source_profile = base", "region = eu-west-1"}}
	for _, option := range []string{"external_id = ab", "role_session_name = jo", "duration_seconds = 1800", "output = json"} {
		if d.IntN(3) == 0 {
			p.lines = append(p.lines, option)
		}
	}
	base := &part{name: "base", before: "[profile base]", lines: strings.Split(strings.TrimSpace(judgeKeys), "\n")}
	if d.IntN(3) == 0 {
		base.credentials, base.before = true, "[base]"
	}
	x := &part{name: "x", before: "[profile x]", lines: []string{"region = sa-east-1", "output = text"}}
	d.parts = []*part{p, base, x}
	if d.IntN(2) == 0 {
		d.parts = append(d.parts, &part{name: "y", before: "[services y]", lines: []string{"s3 =\n  endpoint_url = http://127.0.0.1:1"}})
	}
	if d.IntN(2) == 0 {
		d.parts = append(d.parts, &part{name: "z", credentials: true, before: "[z]", lines: strings.Split(strings.TrimSpace(judgeKeys), "\n")})
	}
	for _, one := range d.parts {
		d.Shuffle(len(one.lines), func(i, j int) { one.lines[i], one.lines[j] = one.lines[j], one.lines[i] })
	}
	d.Shuffle(len(d.parts), func(i, j int) { d.parts[i], d.parts[j] = d.parts[j], d.parts[i] })
	return d
}

func (d *draft) part(name string) *part {
	return d.parts[slices.IndexFunc(d.parts, func(p *part) bool { return p.name == name })]
}

// insert puts a line somewhere below the header.
func (d *draft) insert(p *part, line string) {
	p.lines = slices.Insert(p.lines, d.IntN(len(p.lines)+1), line)
}

// replace changes the line of a setting; the setting must be there.
func (p *part) replace(key, line string) {
	p.lines[slices.IndexFunc(p.lines, func(l string) bool { return strings.HasPrefix(l, key+" = ") })] = line
}

// vital is the setting of a part without which AWS asks something else.
func (p *part) vital() (key, value string) {
	for _, line := range p.lines {
		key, value, _ = strings.Cut(line, " = ")
		if key == KeyRoleARN || key == keyAccessKeyID || p.name == "x" {
			break
		}
	}
	return key, value
}

func (d *draft) trial() trial {
	var files [2]strings.Builder
	if d.bom {
		files[0].WriteString("\uFEFF")
	}
	files[0].WriteString(d.above)
	for _, p := range d.parts {
		i := 0
		if p.credentials {
			i = 1
		}
		files[i].WriteString(p.before + "\n" + strings.Join(p.lines, "\n") + "\n")
	}
	c := trial{config: files[0].String(), credentials: files[1].String(), profile: "p"}
	if d.open {
		c.config = strings.TrimSuffix(c.config, "\n")
	}
	if d.crlf {
		c.config = strings.ReplaceAll(c.config, "\n", "\r\n")
	}
	return c
}

// done is an oddity that was put into a draft.
type done struct {
	*oddity
	in string // part
}

// why are its reasons to differ: those of a part that is asked for, or of another.
func (d done) why() [2]why {
	if d.in == "x" {
		return d.other
	}
	return d.own
}

// draw puts one oddity into a draft, or two into two of its parts.
func draw(seed uint64) (trial, []done) {
	d := newDraft(seed)
	parts := []string{"p", "base", "x"}
	d.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	var all []done
	for _, name := range parts[:1+d.IntN(4)/3] {
		o := &oddities[d.IntN(len(oddities))]
		if len(all) == 0 { // each of them is met
			o = &oddities[int(seed)%len(oddities)]
		}
		in := d.part(name)
		if o.config && in.credentials {
			in = d.part("p")
		}
		if len(all) > 0 && (all[0].in == in.name || all[0].oddity == o || o.alone || all[0].alone) {
			continue
		}
		o.do(d, in)
		all = append(all, done{o, in.name})
	}
	return d.trial(), all
}

// Of 2,000 files each has a line or two that somebody does not read. What we
// make of it is what the Go SDK and botocore make of it, but for the classes of
// difference that the table of oddities lists with their reasons. A reason that
// no file needs is an error too.
func TestOddFilesMeanToUsWhatTheyMeanToAWSToolsOrTheTableSaysWhy(t *testing.T) {
	const count = 2000
	trials, odd := make([]trial, count), make([][]done, count)
	for i := range trials {
		trials[i], odd[i] = draw(uint64(i))
		trials[i].show(t)
	}
	botocore := askBotocore(t, trials)
	sdk := make([]story, count)
	for i := range trials {
		sdk[i] = trials[i].sdk(t)
	}
	theirs := [2][]story{sdk, botocore()}
	differ := map[string]int{} // class -> files
	for i := range trials {
		ours := ourStory(t, trials[i].reader, "p")
		for judge, name := range judgeNames {
			diff := differences(ours, theirs[judge][i])
			fault := weigh(odd[i], judge, diff != "", differ)
			if fault != "" {
				t.Errorf("file %d, %s: %s\n%s\nours %+v\ntheirs %+v\n%q\n%q", i, name, fault, describe(odd[i]), ours, theirs[judge][i],
					trials[i].config, trials[i].credentials)
			}
		}
	}
	for _, o := range oddities {
		for _, side := range []struct {
			in  string
			why [2]why
		}{{"asked for", o.own}, {"another", o.other}} {
			for judge, name := range judgeNames {
				if n := differ[class(done{&o, side.in}, judge)]; side.why[judge].text != "" {
					t.Logf("%4d files: %s, in the section of %s: %s: %s", n, o.name, side.in, name, side.why[judge].text)
					if n == 0 {
						t.Errorf("%s, in the section of %s: %s never differs, and the table says it does", o.name, side.in, name)
					}
				}
			}
		}
	}
}

var judgeNames = [2]string{"the Go SDK", "botocore"}

func class(d done, judge int) string {
	if d.in != "x" && d.in != "another" {
		d.in = "asked for"
	} else {
		d.in = "another"
	}
	return fmt.Sprint(d.name, "/", d.in, "/", judge)
}

func describe(odd []done) string {
	var names []string
	for _, d := range odd {
		names = append(names, d.name+" in "+d.in)
	}
	return strings.Join(names, ", ")
}

// weigh says what is wrong with a difference, or with there being none. It counts
// those of files with one oddity.
func weigh(odd []done, judge int, differs bool, count map[string]int) string {
	explained := slices.ContainsFunc(odd, func(d done) bool { return d.why()[judge].text != "" })
	if differs && !explained {
		return "a difference of no class"
	}
	if len(odd) > 1 {
		return ""
	}
	if differs {
		count[class(odd[0], judge)]++
	} else if explained && !odd[0].why()[judge].sometimes {
		return "no difference, and the table says there is one"
	}
	return ""
}
