package awstest

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// principal is whom a credential speaks for, and what its session carries.
type principal struct {
	account string
	arn     string // as GetCallerIdentity tells it
	userID  string

	user *User  // of long-term keys and of GetSessionToken's sessions
	role string // ARN of the role that was assumed

	temporary bool
	mfaAt     time.Time // when a code was given; zero is never

	sourceIdentity string
	transitive     map[string]string // session tags that pass on, by lower-case key
}

// root is the ARN that stands for all of the principal's account.
func (p principal) root() string {
	return "arn:" + strings.SplitN(p.arn, ":", 3)[1] + ":iam::" + p.account + ":root"
}

// credential is an access key, long-term or temporary.
type credential struct {
	id, secret string
	active     bool
	token      string    // empty for long-term keys
	expires    time.Time // of temporary ones
	who        principal
}

// issueLocked makes temporary credentials.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
func (r *realm) issueLocked(who principal, life time.Duration) credentialsXML {
	who.temporary = true
	c := &credential{
		id: accessKeyID("ASIA", who.account), secret: secretKey(), active: true, token: sessionToken(),
		expires: r.clockLocked().Truncate(time.Second).Add(life), who: who,
	}
	r.credentials[c.id] = c
	return credentialsXML{c.id, c.secret, c.token, c.expires.Format(time.RFC3339)}
}

// accessKeyID makes an id as AWS does today: the prefix tells the kind; the
// rest is base32 of a set bit, 40 bits of account and 39 of chance.
func accessKeyID(prefix, account string) string {
	number, err := strconv.ParseUint(account, 10, 40)
	if err != nil {
		panic("awstest: account is not a number of 12 digits: " + account)
	}
	var raw [10]byte
	_, _ = rand.Read(raw[:]) // never fails
	const set, chance = 1 << 63, 1<<23 - 1
	binary.BigEndian.PutUint64(raw[:], set|number<<23|binary.BigEndian.Uint64(raw[:])&chance)
	return prefix + base32.StdEncoding.EncodeToString(raw[:])
}

// uniqueID makes an id of a user (AIDA…) or a role (AROA…).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func uniqueID(prefix string) string { return prefix + rand.Text()[:17] }

func secretKey() string {
	var raw [30]byte
	_, _ = rand.Read(raw[:])
	return base64.StdEncoding.EncodeToString(raw[:])
}

// sessionToken makes an opaque token of a usual length, with the characters
// that need escaping in a form.
func sessionToken() string {
	var raw [270]byte
	_, _ = rand.Read(raw[:])
	return "IQoJb3JpZ2luX2VjE" + base64.StdEncoding.EncodeToString(raw[:]) + "=="
}

// arnAccount is the fifth part of an ARN, or nothing.
func arnAccount(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
}
