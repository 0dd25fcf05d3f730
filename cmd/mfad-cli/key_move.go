package main

import (
	"bytes"
	"context"
)

// keyOfProfile reads the long-term key that AWS's files hold for a profile.
// The caller wipes the secret.
func (c *cli) keyOfProfile(profile string) (id string, secret []byte, err error) {
	e, err := c.editor()
	if err != nil {
		return "", nil, err
	}
	keys, err := e.KeysOf(profile)
	if err != nil {
		return "", nil, judgedConfig(err)
	}
	defer clear(keys.Secret.Bytes)
	return keys.ID.Text, bytes.Clone(keys.Secret.Bytes), nil
}

// removeKeyOfProfile takes the key out of AWS's files, now that the vault has
// it, and says where it still is.
func (c *cli) removeKeyOfProfile(ctx context.Context, profile, key string) error {
	e, err := c.editor()
	if err != nil {
		return err
	}
	changes, err := e.RemoveKeys(ctx, profile)
	if err := c.edited(changes, err); err != nil {
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
