package main

import (
	"strings"

	"github.com/mfad/mfad/internal/errcode"
)

// An advice is what a refusal of the agent means for who called: the exit code,
// and one imperative sentence with the exact command.
type advice struct {
	exit int
	hint string
}

// placeholder stands in a hint for the profile or item that was asked for.
const placeholder = "{name}"

// noHint says outright that there is nothing to advise: the error itself says
// what to do, or nothing can be done.
const noHint = ""

// advices has every code of package errcode; a test fails when one is missing.
// It is an array, because a map is made anew at each start.
var advices = [...]advice{
	errcode.Internal:   {exitError, `Run "mfad doctor", and read the agent's log that it names.`},
	errcode.Version:    {exitAgent, `Run "mfad agent restart".`},
	errcode.BadRequest: {exitUsage, noHint}, // it names the argument, and what it should be

	errcode.NoVault:         {exitMissing, `Run "mfad init".`},
	errcode.VaultExists:     {exitError, `Run "mfad vault show" to see it.`},
	errcode.VaultLocked:     {exitPerson, `Run "mfad unlock".`},
	errcode.WrongPassphrase: {exitPerson, `Run "mfad unlock" again, or "mfad unlock --slot recovery" with the recovery key.`},
	errcode.VaultDamaged:    {exitError, `Run "mfad vault verify" to see every fault, then restore the vault's folder from a backup.`},
	errcode.VaultRolledBack: {exitError, `Restore the newest copy of the vault's folder, or run "mfad vault accept-restore" if ` +
		`it was you who restored this one.`},
	errcode.NoItem:     {exitMissing, `Run "mfad vault show" to see what the vault keeps.`},
	errcode.ItemExists: {exitError, `Give --replace with that name to replace it; something else needs another name.`},
	errcode.NoSlot:     {exitMissing, `Run "mfad vault show" to see the slots.`},
	errcode.LastSlot:   {exitError, `Run "mfad vault slot add recovery" first, or give --last if you mean it.`},
	errcode.NoKeychain: {exitError, `Run "mfad doctor" to see what is missing, or use a passphrase ("mfad init --keychain no", ` +
		`"mfad unlock --slot passphrase").`},
	errcode.Plugin: {exitError, `Put the plugin's program (age-plugin-…) into PATH and run "mfad agent restart".`},
	errcode.BadSeed: {exitUsage, `Give the otpauth:// URI or the base32 secret as it was shown: "mfad device add {name} ` +
		`--serial ARN" asks for it.`},

	errcode.NoProfile: {exitMissing, `Run "mfad profile list" to see the profiles, or "mfad profile add {name} --role-arn ARN ` +
		`--source KEY" to write it.`},
	errcode.BadConfig: {exitUsage, `Correct that setting, then check it with "mfad profile show {name}".`},
	errcode.NoPrompt: {exitPerson, `Run the same in a terminal, or with pinentry installed ("apt install pinentry-gnome3") on ` +
		`a desktop; for a closed vault "mfad unlock" in a terminal first is enough.`},
	errcode.Dismissed:         {exitPerson, noHint},
	errcode.NoKey:             {exitMissing, `Run "mfad key list" to see the keys, or bring it in with "mfad key import NAME".`},
	errcode.UntrustedEndpoint: {exitPerson, `Run "mfad key trust KEY URL" if you know that endpoint to be yours.`},

	errcode.CodeRefused: {exitRefused, `Run the same again for a new code; if that is refused too, check the clock and the device ` +
		`with "mfad doctor" and "mfad device list".`},
	errcode.DeviceRefused: {exitRefused, `Compare the serial in "mfad profile show {name}" with the device's ARN in the IAM console.`},
	errcode.KeyRefused: {exitRefused, `Check in the IAM console that the key is active, then bring it in again with "mfad key ` +
		`import NAME --replace".`},
	errcode.Expired: {exitRefused, `Run "mfad session forget --all", then the same again.`},
	errcode.Denied: {exitRefused, `Compare "mfad profile show {name}" with the trust policy of the role, which may demand an ` +
		`mfa_serial or another source.`},
	errcode.Clock: {exitRefused, `Set this machine's clock, then run the same again; if it is right, and AWS cannot be asked, ` +
		`run "mfad device resume NAME".`},
	errcode.CodesSpent: {exitLater, `Wait as long as it says, or use another MFA device of the user.`},
	errcode.Invalid:    {exitRefused, `Correct the setting that AWS names; "mfad profile show {name}" tells where it was read.`},

	errcode.Throttled:   {exitLater, `Wait a minute, then run the same again.`},
	errcode.Unavailable: {exitLater, `Check the network, then run the same again.`},
	errcode.Timeout:     {exitLater, `Run the same again; "mfad status" shows what the agent is doing.`},
	errcode.Busy:        {exitLater, `Run the same again when your other calls are over; "mfad status" counts the connections.`},
	errcode.Disk:        {exitError, `Free some space, or make the folder that the error names writable, then run the same again.`},
	errcode.Stopping:    {exitAgent, `Run the same again: that starts a new agent.`},
	errcode.NoHome:      {exitError, `Set HOME to your home folder, then run the same again.`},
	errcode.VaultInUse: {exitAgent, `Run "mfad agent stop" where the other agent was started, or give both shells the same ` +
		`XDG_RUNTIME_DIR: it says where the agent listens.`},

	errcode.NoToken: {exitMissing, `Plug it in, then run the same again; "mfad token list" shows what is there.`},
	errcode.TokenProgram: {exitMissing, `Run "apt install libpcsclite1 libfido2-1" if a library is missing; if mfad-token itself ` +
		`is, run "apt install libpcsclite-dev libfido2-dev pkg-config gcc" and then "make install" where mfad's source ` +
		`is.`},
	errcode.TokenService: {exitMissing, `Run "apt install pcscd" (Fedora: "dnf install pcsc-lite") or, if it is there, "systemctl ` +
		`start pcscd.socket"; then the same again.`},
	errcode.TokenFailed: {exitError, `Plug the token out and in, then run the same again; if it happens again, read the agent's ` +
		`log that "mfad doctor" names.`},
	errcode.TokenAmbiguous: {exitUsage, `Say which with --token SERIAL (a FIDO2 key: --device PATH), as "mfad token list" shows ` +
		`them, or leave only one plugged in.`},
	errcode.TokenRemoved: {exitLater, `Plug it in again, leave it there, and run the same again.`},
	errcode.TokenBusy: {exitLater, `Touch it if it blinks, or end the program that holds it (for GnuPG: "gpgconf --kill ` +
		`scdaemon"), then run the same again.`},
	errcode.WrongPIN: {exitPerson, `Run "mfad token list" to see how many tries are left, then the same again with the right ` +
		`PIN.`},
	errcode.PINBlocked: {exitPerson, `Run "ykman piv access unblock-pin" with the PUK for a PIV PIN; for a FIDO2 PIN plug the ` +
		`key out and in, and if it is blocked still, only "ykman fido reset" is left, which erases it.`},
	errcode.PINGuard: {exitPerson, `Run the same in a terminal and say yes to the last try, or set the counter back first: ` +
		`"ykman piv access unblock-pin" does for PIV.`},
	errcode.NoPIN: {exitPerson, `Run "ykman fido access change-pin" (any FIDO2 key: "fido2-token -S DEVICE") to set one, ` +
		`then the same again.`},
	errcode.NoTouch:    {exitPerson, `Run the same again, and touch the token when it blinks.`},
	errcode.AccessCode: {exitPerson, `Run "mfad token protect --remember" and give the access code that is set.`},
	errcode.ManagementKey: {exitPerson, `Run the same again with the PIV management key of that token, or give it another with ` +
		`"ykman piv access change-management-key".`},
	errcode.TokenExists: {exitError, `Delete the other one first, if nothing needs it: "ykman oath accounts list", then "ykman ` +
		`oath accounts delete".`},
	errcode.NotOnToken: {exitMissing, `Plug in another token that has it, if there is one; what was deleted on all of them must ` +
		`be removed here and added again. "mfad token list" shows what is there.`},
	errcode.TokenFull: {exitError, `Delete what is not needed any more ("ykman oath accounts list" and "ykman piv info" show ` +
		`it), or use another token.`},
	errcode.TokenUnsupported: {exitError, `Run "mfad token list" to see what it can do, or use another token.`},
	errcode.Unproven: {exitPerson, `Run the same with "--slot recovery" in a terminal and type the recovery key, plug in a token ` +
		`of the vault, or run "mfad agent restart" on your desktop, where pinentry can ask you.`},

	errcode.VaultConflict: {exitError, `Run "mfad unlock" to read the vault anew from the disk, then the same again.`},
	errcode.VaultForeign: {exitError, `Run "sudo chown -R" with your name and that folder if the vault is yours; else set ` +
		`XDG_DATA_HOME to a folder of your own.`},
	errcode.VaultUnmarked: {exitError, `Run "mfad vault accept-restore" if the vault is the newest that you have, or was ` +
		`restored by you.`},
	errcode.ReadOnly: {exitError, `Mount that disk writable ("mount -o remount,rw"), then run the same again; what only reads ` +
		`goes on.`},
	errcode.AuditUnwritten: {exitError, `Make the file that the error names writable, or give its disk some room, then run the ` +
		`same again.`},
	errcode.PUKBlocked: {exitPerson, `Use another way in. Only "ykman piv reset" makes the PIV applet usable again, and it ` +
		`erases the keys there.`},
	errcode.SlotUnseen: {exitPerson, `Run the same in a terminal, and say yes if you know that no key was imported into that ` +
		`slot; --piv-slot names another one.`},
	errcode.NoFiles: {exitLater, `Run the same again when fewer programs are connected ("mfad status" counts them); if it happens ` +
		`again, allow the agent more open files ("ulimit -n 1024") and run "mfad agent restart".`},
	errcode.NoService: {exitRefused, `Correct the endpoint ("mfad profile show {name}" tells where it was read) or what answers there; ` +
		`if it is AWS's own, look for a proxy or a network that wants a login first.`},
	errcode.NotAFile: {exitError, `Move the folder that the error names away, then run the same again.`},
}

// fuller are hints that name what an error tells of itself ([errcode.With]), in
// braces. The first whose names are all told, and fit for a command that can be
// pasted, takes the place of the code's hint.
var fuller = [...]struct {
	code errcode.Code
	hint string
}{
	{errcode.UntrustedEndpoint, `Run "mfad key trust {key} {endpoint}" if you know that endpoint to be yours.`},
	{errcode.UntrustedEndpoint, `Move that key into the vault ("mfad key import NAME --from-profile PROFILE"), then run "mfad key trust ` +
		`{identity} {endpoint}" if you know that endpoint to be yours.`},
	{errcode.NoKey, `Run "mfad key list" to see the keys, or bring it in with "mfad key import {key}".`},
	{errcode.Clock, `Set this machine's clock, then run the same again; if it is right, and AWS cannot be asked, run "mfad device ` +
		`resume {device}".`},
	{errcode.BadSeed, `Leave --serial out: {device} gives codes to what it belongs to. A device for AWS takes the secret that AWS ` +
		`shows when it is made.`},
	{errcode.KeyRefused, `Check in the IAM console that the key is active, then bring it in again with "mfad key import {key} ` +
		`--replace".`},
	{errcode.Denied, `Look in the IAM console which policy of the user, or of the organization, denies {operation} to access ` +
		`key {identity}: no role is asked yet.`},
	{errcode.Expired, `Renew the login that {program} works with, then run the same again.`},
}

// hintOf is the hint on an error of a code: the fullest that it tells enough for.
func hintOf(code errcode.Code, err error) string {
	told := errcode.Told(err)
	for _, row := range fuller {
		if row.code != code {
			continue
		}
		hint := row.hint
		for what, value := range told {
			if canPaste(value) {
				hint = strings.ReplaceAll(hint, "{"+what+"}", value)
			}
		}
		if !strings.ContainsAny(strings.ReplaceAll(hint, placeholder, ""), "{}") {
			return hint
		}
	}
	return adviceOn(code).hint
}

// adviceOn is the advice on a code. An agent of a later version may have codes
// that we do not know.
func adviceOn(code errcode.Code) advice {
	if code <= 0 || int(code) >= len(advices) {
		code = errcode.Version
	}
	return advices[code]
}
