package sts

import (
	"cmp"
	"encoding/base32"
	"encoding/binary"
	"fmt"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/aws"
)

// take takes AWS's answer over, if it is a session's.
func take(call *aws.Call, c *types.Credentials, arn string) (credproc.Credentials, error) {
	var creds credproc.Credentials
	if c != nil {
		id := sdk.ToString(c.AccessKeyId)
		creds = credproc.Credentials{
			AccessKeyID: id, SecretAccessKey: sdk.ToString(c.SecretAccessKey), SessionToken: sdk.ToString(c.SessionToken),
			Expiration: sdk.ToTime(c.Expiration).UTC(), ARN: arn, AccountID: cmp.Or(credproc.AccountOf(arn), accountOfKey(id)),
		}
	}
	if flaw := creds.Flaw(); flaw != "" {
		return credproc.Credentials{}, call.Flawed(flaw)
	}
	return creds, nil
}

// accountOfKey reads the account out of an access key id: AWS keeps it in 40
// bits of the base32 after the prefix, behind a first bit that is set; older
// ids, where it is not, tell nothing. What AWS offers for it is a call,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html.
func accountOfKey(keyID string) string {
	const prefix, size, first = 4, 20, 1 << 63
	if len(keyID) != size {
		return ""
	}
	raw, err := base32.StdEncoding.DecodeString(keyID[prefix:])
	if err != nil {
		return ""
	}
	bits := binary.BigEndian.Uint64(raw)
	if bits&first == 0 {
		return ""
	}
	return fmt.Sprintf("%012d", bits&^first>>23)
}
