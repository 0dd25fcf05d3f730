package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// CheckLongTermKey refuses what cannot be the access key of an IAM user, by
// what IAM makes (https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html).
// Nothing here tells a root user's key from it: only AWS can. The error quotes
// neither: people paste the secret into the wrong field.
func CheckLongTermKey(id string, secret []byte) error {
	switch {
	case strings.HasPrefix(id, "ASIA"):
		return errors.New("an access key ID that begins with ASIA is a temporary one, which ends by itself:" +
			" give the IAM user's own, which begins with AKIA")
	case !strings.HasPrefix(id, "AKIA") || len(id) < 16 || len(id) > 128 || strings.Trim(id, capitals+digits) != "":
		return errors.New("the access key ID is not one: it is AKIA and 12 or more capital letters and digits")
	case len(secret) != 40 || len(bytes.Trim(secret, alphanumeric+"/+=")) > 0:
		return fmt.Errorf("the secret access key is not one: it has 40 letters, digits, slashes and pluses,"+
			" and %d characters came", len(secret))
	}
	return nil
}
