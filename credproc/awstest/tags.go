package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// tags are the session tags of a call.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
type tags struct {
	pairs      [][2]string
	transitive []string
}

func (c *constraints) tags() tags {
	var t tags
	values := c.call.params
	for i, key := range c.list("Tags", ".Key", maxTags) {
		value := values.Get(fmt.Sprintf("Tags.member.%d.Value", i+1))
		c.check(key, fmt.Sprintf("tags.%d.member.key", i+1), tagKeyShape)
		c.check(value, fmt.Sprintf("tags.%d.member.value", i+1), tagValueShape)
		t.pairs = append(t.pairs, [2]string{key, value})
	}
	t.transitive = c.list("TransitiveTagKeys", "", maxTags)
	return t
}

func (t tags) refusal() *apiError {
	seen := make(map[string]string)
	for _, tag := range t.pairs {
		key := strings.ToLower(tag[0])
		if _, twice := seen[key]; twice {
			return refuse(http.StatusBadRequest, "InvalidParameterValue",
				"Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		seen[key] = tag[1]
	}
	for _, key := range t.transitive {
		if _, given := seen[strings.ToLower(key)]; !given {
			return refuse(http.StatusBadRequest, "InvalidParameterValue",
				"The specified transitive tag key must be included in the requested tags.")
		}
	}
	return nil
}

// passOn adds the transitive tags to those that the caller's session inherited;
// an inherited one cannot be set again.
func (t tags) passOn(inherited map[string]string) (map[string]string, *apiError) {
	out := maps.Clone(inherited)
	for _, tag := range t.pairs {
		if _, held := inherited[strings.ToLower(tag[0])]; held {
			return nil, refuse(http.StatusBadRequest, "InvalidParameterValue",
				"One of the specified transitive tag keys can't be set because it conflicts"+
					" with a transitive tag key from the calling session.")
		}
	}
	for _, key := range t.transitive {
		if out == nil {
			out = make(map[string]string)
		}
		out[strings.ToLower(key)] = key
	}
	return out, nil
}
