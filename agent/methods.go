package agent

import (
	"cmp"

	"github.com/mfad/mfad/agent/audit"
	"github.com/mfad/mfad/agent/trust"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/internal/line"
)

// groups are the methods, each group with what it needs.
type groups struct {
	credentials *credentials
	vault       *vaults
	keys        *keys
	devices     *devices
	tokens      *tokens
	profiles    *profiles
	sessions    *sessions
	status      *status
	proofs      *proofs
}

// table is everything that a client may call, one row a method: what answers it,
// what the caller proves before that, which line it leaves in the audit file, and
// what that line is about.
func (g groups) table() map[string]method {
	return map[string]method{
		wire.MethodCredentials: handsOut(g.credentials.get, func(p wire.CredentialsParams, r issued) *audit.Subject {
			if r.cold {
				return nil
			}
			return &audit.Subject{Name: p.Profile, Role: r.role, KeyID: r.keyID}
		}),

		wire.MethodStatus: quiet(bare(g.status.show)),
		wire.MethodStop:   quiet(bare(g.status.stop)),

		wire.MethodVaultCreate: lasts(unproven, g.vault.create, nobodyElse),
		wire.MethodVaultShow:   quiet(bare(g.vault.show)),
		wire.MethodVaultVerify: quiet(bare(g.vault.verify)),
		wire.MethodVaultUnlock: changes(unproven, g.vault.unlock, func(p wire.VaultUnlockParams, _ wire.Vault) *audit.Subject {
			return &audit.Subject{Name: p.Slot}
		}),
		wire.MethodVaultLock:   changes(unproven, bare(g.vault.lock), nobodyElse),
		wire.MethodVaultHold:   takesBack(lasts(g.proofs.hold, g.vault.hold, nobodyElse)),
		wire.MethodVaultAccept: lasts(unproven, bare(g.vault.accept), nobodyElse), // which proves by the vault that is accepted
		wire.MethodSlotAdd: lasts(g.proofs.addSlot, g.vault.addSlot, func(p wire.SlotAddParams, _ wire.SlotAddResult) *audit.Subject {
			return &audit.Subject{Name: cmp.Or(p.Kind, p.Token)}
		}),
		wire.MethodSlotRemove: lasts(g.proofs.removeSlot, g.vault.removeSlot, func(p wire.SlotRemoveParams, _ none) *audit.Subject {
			return &audit.Subject{Name: p.ID}
		}),

		wire.MethodKeyImport: lasts(g.proofs.importKey, g.keys.add, func(p wire.KeyImportParams, k wire.Key) *audit.Subject {
			return &audit.Subject{Name: p.Name, Tokens: k.Tokens}
		}),
		wire.MethodKeyList:   quiet(bare(g.keys.list)),
		wire.MethodKeyRemove: changes(g.proofs.removeKey, g.keys.remove, named[wire.RemoveResult]),
		wire.MethodKeyRename: lasts(g.proofs.renameKey, g.keys.rename, renamed[wire.KeyRenameResult]),
		wire.MethodKeyTrust: takesBack(lasts(g.proofs.trustEndpoint, g.keys.vouch, func(p wire.KeyTrustParams, _ none) *audit.Subject {
			to := line.Short(trust.Told(credproc.Route{URL: p.Endpoint, Proxy: p.Proxy, CA: p.CA}), longestRoute)
			return &audit.Subject{Name: p.Name, Action: to}
		})),
		wire.MethodKeyMove: lasts(g.proofs.moveKey, g.keys.move, func(p wire.MoveParams, k wire.Key) *audit.Subject {
			return &audit.Subject{Name: p.Name, Tokens: onto(k.Tokens, p.Tokens)}
		}),

		wire.MethodDeviceAdd: lasts(g.proofs.addDevice, g.devices.add, func(p wire.DeviceAddParams, r wire.DeviceAddResult) *audit.Subject {
			var tokens []string
			if len(r.Devices) > 0 {
				tokens = r.Devices[0].Tokens // all went onto the same
			}
			return &audit.Subject{Name: p.Name, Tokens: onto(tokens, p.Tokens)}
		}),
		wire.MethodDeviceList: quiet(bare(g.devices.list)),
		wire.MethodDeviceMove: lasts(g.proofs.moveDevice, g.devices.move, func(p wire.MoveParams, d wire.Device) *audit.Subject {
			return &audit.Subject{Name: p.Name, Tokens: onto(d.Tokens, p.Tokens)}
		}),
		wire.MethodDeviceRemove: changes(g.proofs.removeDevice, g.devices.remove, named[wire.RemoveResult]),
		wire.MethodDeviceSet: lasts(g.proofs.setDevice, g.devices.set, func(p wire.DeviceSetParams, _ wire.Device) *audit.Subject {
			return &audit.Subject{Name: p.Name, Action: cmp.Or(p.Serial, "none")}
		}),
		wire.MethodDeviceRename: lasts(g.proofs.renameDevice, g.devices.rename, renamed[wire.Device]),
		wire.MethodDeviceResume: changes(g.proofs.resumeDevice, g.devices.resume, named[none]),
		wire.MethodCode:         handsOut(g.devices.code, named[wire.Code]),

		wire.MethodProfileShow:   quiet(g.profiles.show),
		wire.MethodProfileList:   quiet(bare(g.profiles.list)),
		wire.MethodSessionList:   quiet(bare(g.sessions.list)),
		wire.MethodSessionForget: quiet(g.sessions.forget),

		wire.MethodTokenList: quiet(bare(g.tokens.list)),
		wire.MethodTokenProtect: lasts(g.proofs.protect, g.tokens.protect, func(p wire.TokenProtectParams, t wire.Token) *audit.Subject {
			return &audit.Subject{Name: p.Token, Action: p.Action, Tokens: []string{t.Serial}}
		}),
	}
}

// longestRoute bounds what is told of a route, which may be any text.
const longestRoute = 500

// nobodyElse is whom a method for the vault itself is about.
func nobodyElse[P, R any](P, R) *audit.Subject { return &audit.Subject{} }

// named is the item that the parameters name.
func named[R any](p wire.NameParams, _ R) *audit.Subject { return &audit.Subject{Name: p.Name} }

// renamed is the item by its old name, and by the new one as what was done.
func renamed[R any](p wire.RenameParams, _ R) *audit.Subject {
	return &audit.Subject{Name: p.Name, Action: p.To}
}

// onto are the tokens that something went onto; those that were asked for, if it
// went onto none.
func onto(went, asked []string) []string {
	if len(went) > 0 {
		return went
	}
	return asked
}
