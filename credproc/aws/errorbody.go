package aws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readable is the text of an error as the SDK's reader of XML takes it: in UTF-8,
// of no character that XML forbids, and with an error in JSON put into XML.
func readable(text []byte) []byte {
	if !utf8.Valid(text) {
		text = fromLatin1(text)
	}
	if told, ok := fromJSON(text); ok {
		return told
	}
	// What the declaration says of the encoding no longer holds.
	if rest := bytes.TrimLeft(text, "\ufeff \t\r\n"); bytes.HasPrefix(rest, []byte("<?xml")) {
		if _, after, found := bytes.Cut(rest, []byte("?>")); found {
			text = after
		}
	}
	return bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// fromLatin1 reads each byte as the character of its number.
func fromLatin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, b := range text {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}

// fromJSON puts an error in JSON into AWS's XML: AWS's other protocols name the
// code __type, and stand-ins nest it as XML does.
func fromJSON(text []byte) ([]byte, bool) {
	type said struct {
		Type    string `json:"__type"`
		Code    string // of any case, as all names here
		Message string
	}
	var body struct {
		said
		Error         said
		ErrorResponse struct{ Error said }
	}
	// A field of another type leaves the others read.
	if err := json.Unmarshal(text, &body); err != nil && !json.Valid(text) {
		return nil, false
	}
	for _, e := range []said{body.said, body.Error, body.ErrorResponse.Error} {
		if e.Code == "" {
			e.Code = e.Type
		}
		if e.Code == "" && e.Message == "" {
			continue
		}
		_, after, namespaced := strings.Cut(e.Code, "#") // "com.amazon.coral.service#AccessDenied"
		if namespaced {
			e.Code = after
		}
		var out bytes.Buffer
		out.WriteString("<ErrorResponse><Error><Code>")
		_ = xml.EscapeText(&out, []byte(e.Code))
		out.WriteString("</Code><Message>")
		_ = xml.EscapeText(&out, []byte(e.Message))
		out.WriteString("</Message></Error></ErrorResponse>")
		return out.Bytes(), true
	}
	return nil, false
}
