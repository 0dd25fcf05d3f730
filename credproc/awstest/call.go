package awstest

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxBody is far above what the parameters' limits let a request be.
const maxBody = 256 << 10

// call is a request of the query protocol, read and not judged yet.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
type call struct {
	params url.Values
	body   []byte // as it was signed
}

func (c call) action() string { return c.params.Get("Action") }

// parseCall reads the parameters from the query of a GET or the form of a POST.
func parseCall(r *http.Request) (call, *apiError) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return call{}, refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request is too large.")
	}
	raw := r.URL.RawQuery
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return call{}, refuse(http.StatusBadRequest, "MalformedInput", "Content-Type must be application/x-www-form-urlencoded")
		}
		raw = strings.Trim(raw+"&"+string(body), "&")
	default:
		return call{}, refuse(http.StatusMethodNotAllowed, "InvalidAction", "Only GET and POST are served.")
	}
	params, err := url.ParseQuery(raw)
	if err != nil {
		return call{}, refuse(http.StatusNotFound, "MalformedQueryString", "The query string contains a syntax error.")
	}
	for name, values := range params {
		if len(values) != 1 {
			return call{}, refuse(http.StatusNotFound, "MalformedQueryString", "The parameter "+name+" is given twice.")
		}
	}
	c := call{params, body}
	return c, c.checkAction()
}

func (c call) checkAction() *apiError {
	action, version := c.action(), c.params.Get("Version")
	if action == "" {
		return refuse(http.StatusBadRequest, "MissingAction", "The request is missing an action or a required parameter.")
	}
	if o, known := operations[action]; known && o.service.version == version {
		return nil
	}
	return refuse(http.StatusBadRequest, "InvalidAction", fmt.Sprintf("Could not find operation %s for version %s", action, version))
}
