package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/mfad/mfad/internal/sibling"
)

// pictureLimit is far more than any picture with a code in it needs; one of
// noise alone can take the reader a minute.
const pictureLimit = 20 * time.Second

var errPictureLimit = fmt.Errorf("no QR code found within %s", pictureLimit)

// readPicture has the QR codes of a picture read by a process that holds no
// secrets and ends at once, because picture decoders meet hostile input:
// `mfad-agent --read-qr`, the picture on its standard input, one text a line
// on its standard output. The name "-" means in. The caller wipes the texts.
func readPicture(ctx context.Context, in *os.File, name string) ([][]byte, error) {
	picture := in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usagef("Give the picture's file with --qr FILE.", "opening the picture: %w", err)
		}
		defer file.Close()
		picture = file
	}
	agent, err := sibling.Find("mfad-agent")
	if err != nil {
		return nil, advice{exitAgent, `Install mfad-agent beside mfad: "make install" does.`}.errorf("%w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, pictureLimit, errPictureLimit)
	defer cancel()
	var out, words bytes.Buffer
	reader := exec.CommandContext(ctx, agent, "--read-qr")
	reader.Env = []string{} // it decides nothing by its environment
	reader.Stdin, reader.Stdout, reader.Stderr = picture, &out, &words
	err = reader.Run()
	defer clear(out.Bytes())
	var exit *exec.ExitError
	switch {
	case err != nil && context.Cause(ctx) != nil:
		return nil, usagef("Crop the picture to the QR code, and give that.", "reading the picture %q: %w", name, context.Cause(ctx))
	case errors.As(err, &exit):
		return nil, usagef("Give a PNG, JPEG or GIF file that shows the QR code sharply and whole.",
			"reading the picture %q: %s", name, lastWords(words.String()))
	case err != nil:
		return nil, advice{exitAgent, `Run "mfad doctor".`}.errorf("reading the picture %q with %s: %w", name, agent, err)
	}
	var texts [][]byte
	for line := range bytes.Lines(out.Bytes()) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			texts = append(texts, bytes.Clone(line))
		}
	}
	if len(texts) == 0 {
		return nil, usagef("Give a PNG, JPEG or GIF file that shows the QR code sharply and whole.", "no QR code found in %q", name)
	}
	chosen, err := chooseSeeds(texts)
	if err != nil {
		wipeAll(texts)
	}
	return chosen, err
}

// lastWords is what another program of ours had to say, without its prefix.
func lastWords(stderr string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(stderr), "\n")
	first = strings.TrimPrefix(strings.TrimPrefix(first, "mfad-agent: "), "error: ")
	if first == "" {
		return "it cannot be read"
	}
	return first
}

const migrationScheme = "otpauth-migration://"

// chooseSeeds decides what to do with the texts of a picture's codes: one is
// taken; several only when they are the parts of one export.
func chooseSeeds(texts [][]byte) ([][]byte, error) {
	parts := 0
	var labels []string
	for _, text := range texts {
		if bytes.HasPrefix(text, []byte(migrationScheme)) {
			parts++
		}
		labels = append(labels, codeLabel(text))
	}
	if len(texts) == 1 || parts == len(texts) {
		return texts, nil
	}
	return nil, usagef("Crop the picture to the code that you mean, and give that.",
		"the picture has %d QR codes: %s", len(texts), strings.Join(labels, "; "))
}

// codeLabel says which code it is without its secret: the label of an otpauth
// URI, and of anything else no more than that it is something else.
func codeLabel(text []byte) string {
	uri, isURI := bytes.CutPrefix(text, []byte("otpauth://"))
	if !isURI {
		if bytes.HasPrefix(text, []byte(migrationScheme)) {
			return "an export of several devices"
		}
		return "one that is no MFA device"
	}
	_, label, _ := bytes.Cut(uri, []byte("/"))
	label, _, _ = bytes.Cut(label, []byte("?"))
	name, err := url.PathUnescape(string(label))
	if err != nil || name == "" {
		return "an MFA device without a name"
	}
	return fmt.Sprintf("%.64q", name)
}

func wipeAll(secrets [][]byte) {
	for _, s := range secrets {
		clear(s)
	}
}
