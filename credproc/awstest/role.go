package awstest

import (
	"fmt"
	"strings"
	"time"
)

// Role is an IAM role to be made.
type Role struct {
	// Account is DefaultAccount if empty.
	Account string
	// Name may have a path, as in "service/Deploy": the path is part of the
	// role's ARN and not of its sessions' ARNs.
	Name string
	// MaxDuration is 1 to 12 hours; 0 is one hour.
	MaxDuration time.Duration
	// Trust says who may assume the role.
	Trust Trust
}

type roleRecord struct {
	Role
	partition, arn, id, baseName string
}

func (r *realm) addRole(role Role) (arn string, err error) {
	if role.Account == "" {
		role.Account = DefaultAccount
	}
	if role.MaxDuration == 0 {
		role.MaxDuration = time.Hour
	}
	if role.MaxDuration < time.Hour || role.MaxDuration > 12*time.Hour {
		return "", fmt.Errorf("adding role %q: the maximum duration %v is not within 1 and 12 hours", role.Name, role.MaxDuration)
	}
	role.Name = strings.Trim(role.Name, "/")
	made := &roleRecord{
		Role: role, partition: r.partition, arn: r.iamARN(role.Account, "role/"+role.Name),
		id: uniqueID("AROA"), baseName: role.Name[strings.LastIndex(role.Name, "/")+1:],
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roles[made.arn] = made
	return made.arn, nil
}

// sessionARN names a session of the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func (r *roleRecord) sessionARN(session string) string {
	return "arn:" + r.partition + ":sts::" + r.Account + ":assumed-role/" + r.baseName + "/" + session
}
