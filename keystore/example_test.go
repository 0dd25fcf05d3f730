package keystore_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/mfad/mfad/keystore"
)

// A vault with one way in, the recovery key. It takes a secret, is locked, and
// opens again by that key.
func ExampleCreate() {
	dir, err := os.MkdirTemp("", "vault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	recipient, recovery, err := keystore.NewRecovery()
	if err != nil {
		log.Fatal(err)
	}
	defer recovery.Destroy()

	slots := []keystore.SlotSpec{{Kind: keystore.SlotRecovery, Label: "on paper", Recipient: recipient}}
	vault, err := keystore.Create(filepath.Join(dir, "default"), slots, keystore.Options{Hold: -1, OneWayIn: true})
	if err != nil {
		log.Fatal(err)
	}
	defer vault.Close()
	item, err := vault.Put(keystore.Item{Kind: keystore.KindTOTP, Name: "phone"}, []byte("otpauth://totp/phone?secret=…"))
	if err != nil {
		log.Fatal(err)
	}

	vault.Lock()
	_, err = vault.Read(item.ID)
	fmt.Println("locked:", errors.Is(err, keystore.ErrLocked))

	identity, err := keystore.ParseRecovery(recovery.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	if err := vault.Unlock(context.Background(), vault.Slots()[0].ID, identity); err != nil {
		log.Fatal(err)
	}
	secret, err := vault.Read(item.ID)
	if err != nil {
		log.Fatal(err)
	}
	defer secret.Destroy()
	fmt.Println("printed:", secret)
	fmt.Println("read:", string(secret.Bytes()))
	// Output:
	// locked: true
	// printed: [redacted]
	// read: otpauth://totp/phone?secret=…
}
