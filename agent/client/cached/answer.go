package cached

import "bytes"

// The answer is one line of one form, as agent/wire's CredentialsResult says:
//
//	{"id":1,"result":{"document":{"Version":1,"AccessKeyId":"…",…},"region":"…"},"jsonrpc":"2.0"}
//
// The region may be missing. The document's other members have names of
// letters and strings for values, which need no escape.
const (
	answerHead   = `{"id":1,"result":{"document":`
	documentHead = `{"Version":1,"AccessKeyId":"`
	answerRegion = `,"region":"`
	answerTail   = `},"jsonrpc":"2.0"}`
)

// document cuts the credential document out of an answer without its newline.
// It reads every byte: an answer of any other form, a refusal above all, has
// none.
func document(answer []byte) (doc []byte, ok bool) {
	doc, ok = bytes.CutPrefix(answer, []byte(answerHead))
	if !ok || !bytes.HasPrefix(doc, []byte(documentHead)) {
		return nil, false
	}
	rest, ok := value(doc[len(documentHead):])
	for ok && len(rest) > 0 && rest[0] == ',' {
		rest, ok = member(rest)
	}
	if !ok || len(rest) == 0 || rest[0] != '}' {
		return nil, false
	}
	rest = rest[1:]
	doc = doc[:len(doc)-len(rest)]
	if after, found := bytes.CutPrefix(rest, []byte(answerRegion)); found {
		rest, ok = value(after)
	}
	return doc, ok && string(rest) == answerTail
}

// member skips `,"Name":"value"`.
func member(text []byte) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(text, []byte(`,"`))
	if !ok {
		return nil, false
	}
	n := 0
	for n < len(rest) && letter(rest[n]) {
		n++
	}
	rest, ok = bytes.CutPrefix(rest[n:], []byte(`":"`))
	if !ok || n == 0 {
		return nil, false
	}
	return value(rest)
}

// value skips what is left of a string, with its closing quote: printable ASCII
// that stands for itself.
func value(text []byte) (rest []byte, ok bool) {
	for i, c := range text {
		switch {
		case c == '"':
			return text[i+1:], true
		case c < ' ' || c > '~' || c == '\\':
			return nil, false
		}
	}
	return nil, false
}
