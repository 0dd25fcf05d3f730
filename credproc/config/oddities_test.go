package config

import "strings"

// oddity is a class of lines that somebody among us, the Go SDK and botocore
// reads in another way than the others.
type oddity struct {
	name   string
	do     func(*draft, *part)
	config bool // for AWS's config alone
	alone  bool // not beside another one
	// own are the reasons to differ where it stands in the section that is asked
	// for, or in that of its source; other where it stands in another section.
	own, other [2]why // of the Go SDK, of botocore
}

// why is a reason to differ; empty when there is no difference. Sometimes: it
// depends on what stands above or beside it.
type why struct {
	text      string
	sometimes bool
}

func always(text string) why    { return why{text, false} }
func sometimes(text string) why { return why{text, true} }

var (
	pythonOnly  = [2]why{{}, always("Python's parser refuses the line, and with it the whole file")}
	ownSection  = [2]why{always("it passes over the line; to us it is the fault of its section"), {}}
	goAbove     = "it does not see the header, and gives what follows to the section above"
	pythonValue = "a line that is indented below a setting is a part of its value, as in the published cases"
)

func inserted(line string) func(*draft, *part) {
	return func(d *draft, p *part) { d.insert(p, line) }
}

// headed writes the header in another way; %s is the one that it had, without
// brackets.
func headed(form string) func(*draft, *part) {
	return func(_ *draft, p *part) {
		p.before = strings.Replace(form, "%s", strings.Trim(p.before, "[]"), 1)
	}
}

// indented puts blanks before each line of a part, as many as the width of its
// index says.
func indented(width func(i int) int) func(*draft, *part) {
	return func(_ *draft, p *part) {
		for i, line := range p.lines {
			p.lines[i] = strings.Repeat(" ", width(i)) + line
		}
	}
}

// quoted writes the name in quotes.
func quoted(quote string) func(*draft, *part) {
	return func(_ *draft, p *part) {
		word, name, _ := strings.Cut(strings.Trim(p.before, "[]"), " ")
		p.before = "[" + word + " " + quote + name + quote + "]"
	}
}

// renamed gives the source another name.
func renamed(header, name string) func(*draft, *part) {
	return func(d *draft, _ *part) {
		base := d.part("base")
		base.before = "[profile " + header + "]"
		if base.credentials {
			base.before = "[" + name + "]"
		}
		d.part("p").replace(KeySourceProfile, "source_profile = "+name)
	}
}

// revised changes the vital setting of a part.
func revised(form string) func(*draft, *part) {
	return func(_ *draft, p *part) {
		key, value := p.vital()
		p.replace(key, strings.NewReplacer("K", key, "V", value).Replace(form))
	}
}

var oddities = []oddity{
	{name: "no equals sign", do: inserted("nothing"), own: ownSection, other: pythonOnly},
	{name: "no name", do: inserted("= x"), own: ownSection, other: pythonOnly},
	{name: "no name before a colon", do: inserted(": x"), own: ownSection, other: pythonOnly},
	{name: "a colon", do: revised("K: V")},
	{name: "a colon without blanks", do: revised("K:V")},
	{name: "a colon before an equals sign", do: revised("K : V\nx: y=z")},
	{name: "blanks in a setting's name", do: inserted("in valid = x")},
	{name: "capitals", do: func(_ *draft, p *part) {
		key, value := p.vital()
		p.replace(key, strings.ToUpper(key)+" = "+value)
	}},
	{name: "all indented alike", do: indented(func(int) int { return 2 })},
	{name: "less and less indented", do: indented(func(i int) int { return 9 - i })},
	{name: "a deeper setting", do: func(_ *draft, p *part) {
		p.lines[0] = "  " + p.lines[0]
		for i := range p.lines[1:] {
			p.lines[i+1] = "    " + p.lines[i+1]
		}
	}, own: [2]why{always("it reads an indented setting as one; " + pythonValue), {}}},
	{name: "a continuation of nothing", do: func(_ *draft, p *part) { p.lines = append([]string{"  nothing"}, p.lines...) }, own: ownSection, other: pythonOnly},
	{name: "an indented header", do: headed("  [%s]"), own: [2]why{{}, sometimes(pythonValue)}, other: [2]why{{}, sometimes(pythonValue)}},
	{
		name: "text behind the bracket", do: headed("[%s] here"),
		own: [2]why{always(goAbove), {}}, other: [2]why{sometimes(goAbove), {}},
	},
	{name: "an open bracket", do: headed("[%s"), other: [2]why{sometimes(goAbove), pythonOnly[1]}},
	{name: "a comment behind the bracket", do: headed("[%s] # ; x")},
	{name: "a comment at the bracket", do: headed("[%s]# x")},
	{name: "blanks in the brackets", do: headed("[ %s ]"), own: [2]why{{}, always("it does not trim a header")}},
	{name: "double quotes round a name", do: quoted(`"`), config: true, own: [2]why{always("to it the quotes are letters of the name"), {}}},
	{name: "single quotes round a name", do: quoted("'"), config: true, own: [2]why{always("to it the quotes are letters of the name"), {}}},
	{name: "a comma in a name", do: renamed("a,b", "a,b"), alone: true},
	{name: "a percent sign in a name", do: renamed("100%", "100%"), alone: true},
	{name: "letters beyond ASCII in a name", do: renamed("größe日本", "größe日本"), alone: true},
	{
		name: "blanks in a name in quotes", do: renamed("'a b'", "a b"), alone: true,
		own:   [2]why{sometimes("to it the quotes are letters of the name"), {}},
		other: [2]why{sometimes("to it the quotes are letters of the name"), {}},
	},
	{name: "a section twice", do: func(_ *draft, p *part) {
		last := len(p.lines) - 1
		p.lines = append(p.lines[:last:last], p.before, p.lines[last])
	}, own: pythonOnly, other: pythonOnly},
	{name: "a setting twice", do: func(d *draft, p *part) { d.insert(p, p.lines[0]) }, own: pythonOnly, other: pythonOnly},
	{name: "a comment behind a value", do: revised("K = V # x"), own: [2]why{{}, always("it knows no comment behind a value")}},
	{name: "a comment sign in a value", do: inserted("note = a#b;c")},
	{name: "comments", do: inserted("# x\n  ; y = z\n\t# z")},
	{name: "a comment in Latin-1", do: inserted("# f\xfcr"), own: pythonOnly, other: pythonOnly},
	{name: "Latin-1", do: inserted("note = f\xfcr"), own: ownSection, other: pythonOnly},
	{
		name: "a carriage return in a line", do: inserted("note = x\rnotes = y"),
		own: [2]why{ownSection[0], always("to it the carriage return ends the line")},
	},
	{name: "CRLF", do: func(d *draft, _ *part) { d.crlf = true }},
	{
		name: "a byte order mark", do: func(d *draft, _ *part) { d.bom = true },
		own: [2]why{sometimes("it does not see the first header"), pythonOnly[1]}, other: [2]why{sometimes("it does not see the first header"), pythonOnly[1]},
	},
	{name: "no newline at the end", do: func(d *draft, _ *part) { d.open = true }},
	{name: "a setting above the first header", do: func(d *draft, _ *part) { d.above = "x = y\n" }, own: pythonOnly, other: pythonOnly},
	{name: "a continuation above the first header", do: func(d *draft, _ *part) { d.above = " x\n" }, own: pythonOnly, other: pythonOnly},
	{name: "tabs in a header", do: func(_ *draft, p *part) { p.before = strings.Replace(p.before, " ", "\t\t", 1) }},
	{name: "a form feed before the first setting", do: func(_ *draft, p *part) { p.lines[0] = "\f" + p.lines[0] }},
	{name: "a no-break space behind a value", do: revised("K = V\u00a0")},
	{name: "a null byte in a value", do: inserted("note = a\x00b")},
	{name: "a long line", do: inserted("note = " + strings.Repeat("x", 20_000))},
	{name: "an empty value", do: inserted("note =")},
	{name: "a nested block", do: inserted("s3 =\n  max_queue_size = 7\n\n  # x\n  x = y")},
	{name: "a nested line without an equals sign", do: inserted("s3 =\n  nothing"), own: ownSection, other: pythonOnly},
	{name: "a nested line with a colon", do: inserted("s3 =\n  x: y"), own: ownSection, other: pythonOnly},
	{name: "a nested line without a name", do: inserted("s3 =\n  = y")},
	{name: "a setting as deep as the block above", do: func(_ *draft, p *part) {
		p.lines = append([]string{"  s3 =\n    x = y"}, p.lines...)
		for i := range p.lines[1:] {
			p.lines[i+1] = "  " + p.lines[i+1]
		}
	}, own: [2]why{{}, always("to it the setting is the section's, to Go one of the block; to us it is the fault of its section")}},
	{
		name: "quotes round a region", do: func(d *draft, _ *part) { d.part("p").replace(KeyRegion, `region = "eu-west-1"`) }, alone: true,
		own:   [2]why{{}, always("to it the quotes are letters of the region, which it then refuses")},
		other: [2]why{{}, always("to it the quotes are letters of the region, which it then refuses")},
	},
	{name: "keys beside the role of the source", do: func(d *draft, _ *part) {
		d.part("base").lines = append(d.part("base").lines, "role_arn = "+deep, "source_profile = base")
	}, alone: true, own: [2]why{always(bothRoles), {}}, other: [2]why{always(bothRoles), {}}},
	{name: "the token's name of old", do: func(d *draft, _ *part) {
		d.part("base").lines = append(d.part("base").lines, "aws_security_token = t")
	}, alone: true, own: [2]why{always("it does not know the name"), {}}, other: [2]why{always("it does not know the name"), {}}},
	{name: "a device that gives no codes", do: func(d *draft, _ *part) {
		d.insert(d.part("p"), "mfa_serial = arn:aws:iam::111122223333:u2f/user/jo/key")
	}, alone: true, own: [2]why{always(stricter), always(stricter)}, other: [2]why{always(stricter), always(stricter)}},
	{name: "a header without a name", do: func(_ *draft, p *part) { p.before = "[profile]\nx = y\n" + p.before }},
	{name: "a header of two names", do: func(_ *draft, p *part) { p.before = "[profile a b]\nx = y\n" + p.before }},
	{name: "an empty header", do: func(_ *draft, p *part) { p.before = "[]\nx = y\n" + p.before }, own: pythonOnly, other: pythonOnly},
	{name: "a word in capitals", do: func(_ *draft, p *part) { p.before = "[Profile p]\nregion = x\n" + p.before }},
	{
		name: "a section DEFAULT", do: func(d *draft, _ *part) { d.above = "[DEFAULT]\nsource_identity = x\ntoken = y\nexternal_id = python\n" }, alone: true,
		own: [2]why{{}, sometimes("Python gives its settings to all sections")}, other: [2]why{{}, sometimes("Python gives its settings to all sections")},
	},
}
