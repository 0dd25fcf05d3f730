package awstest

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// constraints collects what is wrong with the parameters of a call; AWS tells
// all of it at once.
type constraints struct {
	call   call
	broken []string
}

func (c *constraints) add(value, member, rule string) {
	c.broken = append(c.broken, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, member, rule))
}

// shape is what a string parameter must look like; a pattern must match all of
// it.
type shape struct {
	least, most int // characters
	pattern     *regexp.Regexp
}

// text reads a string parameter.
func (c *constraints) text(name string, must shape) string {
	v, given := c.call.params.Get(name), c.call.params.Has(name)
	if given {
		c.check(v, memberName(name), must)
	}
	return v
}

func (c *constraints) check(v, member string, must shape) {
	quoted := "'" + v + "'"
	if utf8.RuneCountInString(v) < must.least {
		c.add(quoted, member, fmt.Sprintf("Member must have length greater than or equal to %d", must.least))
	}
	if utf8.RuneCountInString(v) > must.most {
		c.add(quoted, member, fmt.Sprintf("Member must have length less than or equal to %d", must.most))
	}
	if must.pattern != nil && must.pattern.FindString(v) != v {
		c.add(quoted, member, "Member must satisfy regular expression pattern: "+must.pattern.String())
	}
}

// require adds that a parameter must be given.
func (c *constraints) require(name string) {
	if !c.call.params.Has(name) {
		c.add("null", memberName(name), "Member must not be null")
	}
}

// span is what an integer parameter must be within, and its default.
type span struct{ least, most, otherwise int }

// number reads an integer parameter.
func (c *constraints) number(name string, must span) int {
	if !c.call.params.Has(name) {
		return must.otherwise
	}
	v := c.call.params.Get(name)
	n, err := strconv.Atoi(v)
	if err != nil {
		c.add("'"+v+"'", memberName(name), "Member must be an integer")
	} else if n < must.least {
		c.add("'"+v+"'", memberName(name), fmt.Sprintf("Member must have value greater than or equal to %d", must.least))
	} else if n > must.most {
		c.add("'"+v+"'", memberName(name), fmt.Sprintf("Member must have value less than or equal to %d", must.most))
	}
	return n
}

// list reads NAME.member.1 and on, each with the suffix, and checks their number.
func (c *constraints) list(name, suffix string, most int) []string {
	var values []string
	for i := 1; ; i++ {
		key := fmt.Sprintf("%s.member.%d%s", name, i, suffix)
		if !c.call.params.Has(key) {
			break
		}
		values = append(values, c.call.params.Get(key))
	}
	if len(values) > most {
		c.add("'["+strings.Join(values, ", ")+"]'", memberName(name), fmt.Sprintf("Member must have length less than or equal to %d", most))
	}
	return values
}

// refusal is nil when nothing is wrong.
func (c *constraints) refusal() *apiError {
	if len(c.broken) == 0 {
		return nil
	}
	noun := "error"
	if len(c.broken) > 1 {
		noun = "errors"
	}
	return invalid(fmt.Sprintf("%d validation %s detected: %s", len(c.broken), noun, strings.Join(c.broken, "; ")))
}

func invalid(why string) *apiError {
	return refuse(http.StatusBadRequest, "ValidationError", why)
}

// memberName is a parameter as the texts name it.
func memberName(name string) string { return strings.ToLower(name[:1]) + name[1:] }
