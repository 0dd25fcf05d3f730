package cmd_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pages are the documents that people read, with the text of each.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no pages match %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
	}
	return texts
}

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	codeSpan = regexp.MustCompile("`[^`]+`")
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N}\- _]`)
)

// anchors are the names of the headings of a page, as GitHub makes them.
func anchors(page string) []string {
	var names []string
	for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		names = append(names, strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
	}
	return names
}

func TestLinksOfThePagesLeadSomewhere(t *testing.T) {
	texts := pages(t)
	for path, text := range texts {
		for _, found := range link.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(found[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: the link %s leads nowhere: %v", path, found[1], err)
			}
			if anchor != "" && !slices.Contains(anchors(texts[target]), anchor) {
				t.Errorf("%s: %s has no heading for the link %s", path, target, found[1])
			}
		}
	}
}

// commands are the command lines that a page shows, in blocks and in spans.
func commands(page string) []string {
	var lines []string
	for _, block := range fence.FindAllString(page, -1) {
		lines = append(lines, strings.Split(strings.ReplaceAll(block, "\\\n", " "), "\n")...)
	}
	for _, span := range codeSpan.FindAllString(fence.ReplaceAllString(page, ""), -1) {
		lines = append(lines, strings.ReplaceAll(strings.Trim(span, "`"), "\n", " "))
	}
	return lines
}

// A verb is a node of the tree of verbs.
type verb struct {
	help  string
	below map[string]*verb
}

var (
	belowLine = regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) +[A-Z]`)
	flagWord  = regexp.MustCompile(`^--[a-z][a-z0-9-]*`)
	plainWord = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// verbs asks the built program for the tree below the words.
func verbs(t *testing.T, words ...string) *verb {
	t.Helper()
	r := run(t, os.Environ(), "", program(t, "mfad"), append(words, "--help")...)
	if r.code != 0 {
		t.Fatalf("mfad %s --help: %s", strings.Join(words, " "), r)
	}
	v := &verb{help: r.stdout, below: map[string]*verb{}}
	if !strings.Contains(r.stdout, "\n  mfad "+strings.Join(append(words, "[command]"), " ")) {
		return v // it has none below it
	}
	for _, name := range belowLine.FindAllStringSubmatch(r.stdout, -1) {
		if name[1] == "help" {
			v.below[name[1]] = &verb{help: r.stdout}
			continue
		}
		v.below[name[1]] = verbs(t, append(slices.Clone(words), name[1])...)
	}
	return v
}

// check returns what is wrong with the words that follow "mfad" in a command
// line: a verb or a flag that there is not.
func (v *verb) check(words []string) (wrong string) {
	for len(words) > 0 && len(v.below) > 0 {
		name := strings.TrimRight(words[0], `".,:)`)
		if !plainWord.MatchString(name) {
			break
		}
		next := v.below[name]
		if next == nil {
			return "no verb " + name
		}
		v, words = next, words[1:]
	}
	for _, word := range words {
		if word == "--" || strings.ContainsAny(word, "|;&<>#") {
			break // what follows is another command, or a remark
		}
		if flag := flagWord.FindString(word); flag != "" && !strings.Contains(v.help, flag+" ") {
			return "no flag " + flag
		}
	}
	return ""
}

func TestVerbsAndFlagsOfThePagesExist(t *testing.T) {
	t.Parallel()
	root := verbs(t)
	if len(root.below) < 15 || len(root.below["vault"].below["slot"].below) != 3 {
		t.Fatalf("the tree of verbs was not read: %d verbs", len(root.below))
	}
	seen := 0
	for path, text := range pages(t) {
		for _, line := range commands(text) {
			words := strings.Fields(line)
			for i, word := range words {
				if strings.TrimLeft(word, `("$`) != "mfad" {
					continue
				}
				seen++
				if wrong := root.check(words[i+1:]); wrong != "" {
					t.Errorf("%s: %s, in: %s", path, wrong, line)
				}
			}
		}
	}
	if seen < 100 {
		t.Errorf("the pages name a verb of mfad %d times: too few to believe", seen)
	}
}
