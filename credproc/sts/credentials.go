package sts

import (
	"cmp"
	"encoding/base32"
	"encoding/binary"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/credproc/aws"
)

// take takes AWS's answer over.
func take(call *aws.Call, c *types.Credentials, arn string) (credproc.Credentials, error) {
	if c == nil || c.AccessKeyId == nil || c.SecretAccessKey == nil || c.SessionToken == nil || c.Expiration == nil {
		return credproc.Credentials{}, call.Lacking("credentials")
	}
	return credproc.Credentials{
		AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken,
		Expiration: c.Expiration.UTC(), ARN: arn, AccountID: cmp.Or(credproc.AccountOf(arn), accountOfKey(*c.AccessKeyId)),
	}, nil
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
