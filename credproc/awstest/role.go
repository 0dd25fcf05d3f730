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

// AddRole makes a role, or replaces the one of that name, and returns its ARN.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
func (s *Server) AddRole(r Role) (arn string, err error) {
	if r.Account == "" {
		r.Account = DefaultAccount
	}
	if r.MaxDuration == 0 {
		r.MaxDuration = time.Hour
	}
	if r.MaxDuration < time.Hour || r.MaxDuration > 12*time.Hour {
		return "", fmt.Errorf("adding role %q: the maximum duration %v is not within 1 and 12 hours", r.Name, r.MaxDuration)
	}
	r.Name = strings.Trim(r.Name, "/")
	rec := &roleRecord{Role: r, partition: s.partition, arn: s.iamARN(r.Account, "role/"+r.Name), id: uniqueID("AROA"), baseName: r.Name[strings.LastIndex(r.Name, "/")+1:]}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[rec.arn] = rec
	return rec.arn, nil
}

// sessionARN names a session of the role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func (r *roleRecord) sessionARN(session string) string {
	return "arn:" + r.partition + ":sts::" + r.Account + ":assumed-role/" + r.baseName + "/" + session
}
