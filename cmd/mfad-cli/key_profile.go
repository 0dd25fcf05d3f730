package main

import (
	"bytes"
	"context"
)

// keyOfProfile reads the long-term key that AWS's files hold for a profile.
// The caller wipes the secret.
func keyOfProfile(profile string, getenv func(string) string) (id string, secret []byte, err error) {
	e, err := newEditor(getenv)
	if err != nil {
		return "", nil, err
	}
	step, err := e.KeysOf(profile)
	if err != nil {
		return "", nil, adviseOnFiles(err)
	}
	defer clear(step.SecretAccessKey.Bytes)
	return step.AccessKeyID.Text, bytes.Clone(step.SecretAccessKey.Bytes), nil
}

// removeKeyOfProfile takes the key out of AWS's files, now that the vault has
// it, and says where it still is.
func removeKeyOfProfile(ctx context.Context, c *cli, profile, key string) error {
	e, err := newEditor(c.getenv)
	if err != nil {
		return err
	}
	changes, err := e.RemoveKeys(ctx, profile)
	if err := tellChanges(c.console, changes, err); err != nil {
		return err
	}
	for _, change := range changes {
		if change.Backup != "" {
			c.say("mfad: %s still holds the secret: delete it when you are satisfied", change.Backup)
		}
	}
	c.hint(`Run "mfad profile add %s --key %s --mfa-serial ARN", so that aws finds the profile again.`, profile, key)
	return nil
}
