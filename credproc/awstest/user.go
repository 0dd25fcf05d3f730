package awstest

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// ErrLimit says that a user has as many access keys or MFA devices as AWS
// allows. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
var ErrLimit = errors.New("LimitExceeded")

const (
	maxKeys    = 2 // a user; inactive ones count
	maxDevices = 8 // a user
)

// Key is a long-term access key as the console shows it once.
type Key struct{ ID, Secret string }

// User is an IAM user, or the root user of an account.
type User struct {
	// Account has 12 digits. ARN and ID are AWS's names for the user.
	Account, ARN, ID string

	realm   *realm
	root    bool
	keys    []string // access key ids
	devices []*device
}

func (r *realm) addUser(account, name string) *User {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := &User{Account: account, ARN: r.iamARN(account, "user/"+strings.Trim(name, "/")), ID: uniqueID("AIDA"), realm: r}
	if name == "root" {
		// The root user's id is the account's number.
		u.ARN, u.ID, u.root = r.iamARN(account, "root"), account, true
	}
	r.users[u.ARN] = u
	return u
}

// AddKey makes an active access key, or returns an error that wraps ErrLimit.
func (u *User) AddKey() (Key, error) {
	u.realm.mu.Lock()
	defer u.realm.mu.Unlock()
	if len(u.keys) >= maxKeys {
		return Key{}, fmt.Errorf("%w: Cannot exceed quota for AccessKeysPerUser: %d", ErrLimit, maxKeys)
	}
	c := &credential{
		id: accessKeyID("AKIA", u.Account), secret: secretKey(), active: true,
		who: principal{account: u.Account, arn: u.ARN, userID: u.ID, user: u},
	}
	u.keys = append(u.keys, c.id)
	u.realm.credentials[c.id] = c
	return Key{c.id, c.secret}, nil
}

// SetKeyActive sets the status of one of the user's keys; it reports whether
// there is such a key.
func (u *User) SetKeyActive(id string, active bool) bool {
	u.realm.mu.Lock()
	defer u.realm.mu.Unlock()
	if !slices.Contains(u.keys, id) {
		return false
	}
	u.realm.credentials[id].active = active
	return true
}

// AddDevice makes a virtual MFA device and enables it for the user, or returns
// an error that wraps ErrLimit. The name is the last part of its ARN.
func (u *User) AddDevice(name string) (Device, error) {
	u.realm.mu.Lock()
	defer u.realm.mu.Unlock()
	if len(u.devices) >= maxDevices {
		return Device{}, fmt.Errorf("%w: Cannot exceed quota for MFADevicesPerUser: %d", ErrLimit, maxDevices)
	}
	d := Device{Serial: u.realm.iamARN(u.Account, "mfa/"+name), user: path.Base(u.ARN), seed: newSeed()}
	u.devices = append(u.devices, &device{Device: d, last: -1})
	return d, nil
}
