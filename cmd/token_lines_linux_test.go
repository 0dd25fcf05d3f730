package cmd_test

import "testing"

// The lines of standard input come in the order in which a person would write
// them: who they are, what is set, what is to be set.
func TestLinesOfTokenProtectAreInAnOrderThatCanBeGuessed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.initVault()
	protect := func(lines string, flags ...string) {
		t.Helper()
		d.do(lines, append([]string{"token", "protect", "--passphrase-stdin"}, flags...)...)
	}
	protect(passphrase + "\nfirst code\n")
	protect(passphrase + "\nsecond code\n") // the vault remembers the first
	protect(passphrase+"\n", "--forget")
	protect(passphrase + "\nsecond code\nthird code\n")
	d.ykman("oath", "access", "remember", "--password", "third code")
	protect(passphrase+"\n", "--forget")
	protect("third code\n", "--remember")
	d.ykman("oath", "access", "change", "--password", "third code", "--new-password", "fourth code")
	protect(passphrase + "\nfourth code\nfifth code\n") // what is remembered is out of date
	protect(passphrase+"\n", "--remove")
	d.ykman("oath", "accounts", "list")
}

// A vault that has no passphrase has no line for one.
func TestFirstLineIsThePINWhereThereIsNoPassphrase(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 12345678).start()
	d.initVault()
	d.addSlot("piv", "--pin", "once", "--touch", "never")
	for _, slot := range d.slots("passphrase") {
		d.do(passphrase+"\n", "vault", "slot", "remove", slot.ID, "--passphrase-stdin")
	}
	d.opens("123456\n", "--passphrase-stdin")
	d.do("123456\n", "device", "list", "--json")
}
