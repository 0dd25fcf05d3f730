package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mfad/mfad/credproc/awstest"
)

// furnish makes the account and writes the files that tell of it.
func furnish(aws *awstest.Server, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	user := aws.AddUser("alice")
	key, err := user.AddKey()
	if err != nil {
		return err
	}
	device, err := user.AddDevice("alice-phone")
	if err != nil {
		return err
	}
	files := [][2]string{
		{"accessKeys.csv", "Access key ID,Secret access key\r\n" + key.ID + "," + key.Secret + "\r"},
		{"device.uri", device.URI()},
		{"device.arn", device.Serial},
		{"user.arn", user.ARN},
	}
	roles, err := addRoles(aws, user)
	if err != nil {
		return err
	}
	for _, f := range append(files, roles...) {
		if err := publish(dir, f[0], f[1]); err != nil {
			return err
		}
	}
	return nil
}

// addRoles makes the roles and returns the files that name them.
func addRoles(aws *awstest.Server, user *awstest.User) (files [][2]string, err error) {
	direct := awstest.Trust{Principals: []string{user.ARN}, MFA: true}
	readOnly, err := aws.AddRole(awstest.Role{Name: "ReadOnly", Trust: direct})
	if err != nil {
		return nil, err
	}
	admin, err := aws.AddRole(awstest.Role{Name: "Admin", Trust: direct, MaxDuration: 12 * time.Hour})
	if err != nil {
		return nil, err
	}
	deploy, err := aws.AddRole(awstest.Role{Name: "Deploy", Trust: awstest.Trust{Principals: []string{readOnly}}})
	if err != nil {
		return nil, err
	}
	return [][2]string{{"ReadOnly.arn", readOnly}, {"Admin.arn", admin}, {"Deploy.arn", deploy}}, nil
}

// publish writes a line into a file of its own; who sees the file sees all of it.
func publish(dir, name, line string) error {
	temp, final := filepath.Join(dir, "."+name), filepath.Join(dir, name)
	if err := os.WriteFile(temp, []byte(line+"\n"), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.Rename(temp, final); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
