package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/errcode"
)

// longest is what a person can read before they say yes to it.
const longest = 200

// Canonical writes the URL of an endpoint in one way, so that trust in one spelling
// is trust in all, and in no other host. A URL that cannot be an endpoint is a
// [errcode.BadRequest].
func Canonical(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errcode.Errorf(errcode.BadRequest, "%.80q is not an endpoint: write https://HOST or https://HOST:PORT", withoutUser(raw))
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Contains(raw, ";") {
		return "", errcode.Errorf(errcode.BadRequest, "an endpoint has no user, query or fragment: write https://HOST or https://HOST:PORT")
	}
	host := strings.ToLower(u.Host)
	if len(raw) > longest || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errcode.Errorf(errcode.BadRequest,
			"an endpoint has at most %d characters, and a host in letters that look like no others (xn--…)", longest)
	}
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	return u.Scheme + "://" + host + strings.TrimRight(u.EscapedPath(), "/"), nil
}

// CanonicalAll is [Canonical] of several; one that cannot be an endpoint refuses all.
func CanonicalAll(raw []string) ([]string, error) {
	var endpoints []string
	for _, each := range raw {
		endpoint, err := Canonical(each)
		if err != nil {
			return nil, err
		}
		endpoints = append(endpoints, endpoint)
	}
	return endpoints, nil
}

// Told is a route as a log may have it, whatever its texts are: without the user
// and the password that a URL may hold.
func Told(r credproc.Route) string {
	r.URL, r.Proxy = withoutUser(r.URL), withoutUser(r.Proxy)
	return r.String()
}

// withoutUser takes away what stands before the last @ of a URL, but its scheme.
func withoutUser(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if found {
		return scheme + "://" + rest
	}
	return rest
}

// AWS stands for AWS's own endpoints where a route is written down.
const AWS = "aws"

// Check refuses what cannot be a route before anybody is asked about it: the words
// of a question are no caller's to choose. It is a [errcode.BadRequest].
func Check(r credproc.Route) error {
	_, err := write(r)
	return err
}

// write writes a route in one way: a plain endpoint is its URL alone, and what
// else there is follows, each after a semicolon, which no URL here has.
func write(r credproc.Route) (string, error) {
	text := AWS
	if r.URL != "" {
		url, err := Canonical(r.URL)
		if err != nil {
			return "", err
		}
		text = url
	}
	if r.Proxy != "" {
		proxy := strings.ToLower(r.Proxy)
		if withoutUser(proxy) != proxy { // no route has it, and what is kept is not encrypted
			return "", errcode.Errorf(errcode.BadRequest, "a proxy is named without user and password: write http://HOST:PORT")
		}
		if len(proxy) > longest || strings.ContainsFunc(proxy, func(c rune) bool { return c <= ' ' || c > '~' || c == ';' }) {
			return "", errcode.Errorf(errcode.BadRequest, "%.80q is no proxy: write http://HOST:PORT", r.Proxy)
		}
		text += ";proxy=" + proxy
	}
	if r.CA != "" {
		if sum, err := hex.DecodeString(r.CA); err != nil || len(sum) != sha256.Size || r.CA != strings.ToLower(r.CA) {
			return "", errcode.Errorf(errcode.BadRequest, "%.80q is not the SHA-256 of a CA bundle: it has 64 hex digits", r.CA)
		}
		text += ";ca=sha256:" + r.CA
	}
	return text, nil
}
