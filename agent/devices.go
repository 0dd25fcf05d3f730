package agent

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/agent/wire"
	"github.com/mfad/mfad/credproc/config"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token/totp"
)

// The facts of a device's item; the content is an otpauth URI.
const (
	serialFact    = "serial"
	issuerFact    = "issuer"
	labelFact     = "account"
	algorithmFact = "algorithm"
	digitsFact    = "digits"
	periodFact    = "periodSeconds"
)

// deviceAdd stores every key that a text brings, or none if one cannot be.
func (s *Service) deviceAdd(ctx context.Context, r *request, p wire.DeviceAddParams) (wire.DeviceAddResult, error) {
	defer clear(p.Seed)
	batch, err := totp.ParseBatch(p.Seed)
	if err != nil {
		return wire.DeviceAddResult{}, err
	}
	defer totp.WipeAll(batch.Keys)
	result := wire.DeviceAddResult{Skipped: batch.Skipped, Part: batch.Part, Parts: batch.Parts}
	if result.Devices, result.Left, err = s.addDevices(ctx, r, p, batch.Keys); err != nil {
		return wire.DeviceAddResult{}, err
	}
	return result, nil
}

func (s *Service) addDevices(ctx context.Context, r *request, p wire.DeviceAddParams, keys []totp.Key) (devices []wire.Device, left []string, err error) {
	serials, err := parseSerials(p.Serial, len(keys))
	if err != nil {
		return nil, nil, err
	}
	if p.Name != "" && len(keys) > 1 {
		return nil, nil, wire.Errorf(wire.ErrBadRequest, "this export brings %d devices, which name themselves: leave the name out", len(keys))
	}
	if !p.OnToken && (len(p.Tokens) > 0 || p.Touch) {
		return nil, nil, wire.Errorf(wire.ErrBadRequest, "tokens and touch are for a seed that goes onto a token")
	}
	v, err := s.access.Unlocked(ctx, r.ask)
	if err != nil {
		return nil, nil, err
	}
	entries, err := devicesToPut(v, p, keys, serials)
	if err != nil {
		return nil, nil, err
	}
	devices = make([]wire.Device, 0, len(entries))
	for i, e := range entries {
		item, stale, err := s.addDevice(ctx, r, p, e, &keys[i])
		if err != nil && i > 0 {
			err = fmt.Errorf("after %d of %d devices: %w", i, len(entries), err)
		}
		if err != nil {
			return nil, nil, err
		}
		devices, left = append(devices, describeDevice(item)), append(left, stale...)
	}
	return devices, left, nil
}

// entry is an item that is to be stored, in the place of old if there is one;
// names are for its credential, if it goes onto tokens.
type entry struct {
	item, old keystore.Item
	names     []string
}

// addDevice stores a seed in the vault or on tokens; left are those that hold
// what it replaces still.
func (s *Service) addDevice(ctx context.Context, r *request, p wire.DeviceAddParams, e entry, key *totp.Key) (item keystore.Item, left []string, err error) {
	if p.OnToken {
		item, err = s.deviceOnto(ctx, r, e, key, wire.DeviceMoveParams{Tokens: p.Tokens, Touch: p.Touch})
	} else {
		item, err = s.putDevice(ctx, r, e, key)
	}
	if err == nil {
		left = s.abandon(ctx, e.old, r.ask)
	}
	return item, left, err
}

func (s *Service) putDevice(ctx context.Context, r *request, e entry, key *totp.Key) (item keystore.Item, err error) {
	uri := key.MarshalURI()
	defer clear(uri)
	err = s.access.Use(ctx, r.ask, func(v *keystore.Vault) (err error) {
		item, err = store(v, e.old, e.item, uri)
		return err
	})
	return item, err
}

// parseSerials reads serials, parted by blanks; they go to the devices in order.
func parseSerials(text string, devices int) ([]string, error) {
	serials := strings.Fields(text)
	if len(serials) > devices {
		return nil, wire.Errorf(wire.ErrBadRequest, "%d serial numbers for %d devices", len(serials), devices)
	}
	for i, serial := range serials {
		if !config.ValidSerial(serial) {
			return nil, wire.Errorf(wire.ErrBadRequest, "%.80q is not an MFA device: write its ARN, arn:aws:iam::ACCOUNT:mfa/NAME, or the serial number of the fob", serial)
		}
		if slices.Contains(serials[:i], serial) {
			return nil, wire.Errorf(wire.ErrBadRequest, "serial number %s is given twice", serial)
		}
	}
	return append(serials, make([]string, devices-len(serials))...), nil
}

// devicesToPut makes the items, and finds out before the first is stored
// whether all can be.
func devicesToPut(v *keystore.Vault, p wire.DeviceAddParams, keys []totp.Key, serials []string) ([]entry, error) {
	var entries []entry
	for i := range keys {
		name := p.Name
		if name == "" {
			name = nameOf(&keys[i], func(name string) bool {
				return slices.ContainsFunc(entries, func(e entry) bool { return e.item.Name == name })
			})
		}
		if !config.ValidName(name) {
			return nil, badName("a device", name)
		}
		e, err := deviceToPut(v, name, serials[i], p.Replace)
		if err != nil {
			return nil, err
		}
		e.item = keystore.Item{Name: name, Kind: keystore.KindTOTP, Facts: deviceFacts(&keys[i], serials[i])}
		if p.OnToken {
			e.item.Kind = keystore.KindOATH
			e.names = credentialNames(v, &keys[i], name, entries)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// deviceToPut finds what has the name that a device is to get: nothing, or an
// item that may be replaced.
func deviceToPut(v *keystore.Vault, name, serial string, replace bool) (entry, error) {
	if other, found := deviceOf(v, serial); found && other.Name != name {
		return entry{}, fmt.Errorf("%w: %s is in the vault as device %q", keystore.ErrItemExists, serial, other.Name)
	}
	item, found := deviceNamed(v, name)
	if found && !replace {
		return entry{}, fmt.Errorf("%w: the vault has a device named %q", keystore.ErrItemExists, name)
	}
	return entry{old: item}, nil
}

// nameOf makes a name of what an authenticator shows, as the vault takes
// names; a second one of the same name gets a number.
func nameOf(key *totp.Key, taken func(string) bool) string {
	text := key.Account
	if text == "" {
		text = key.Issuer
	}
	clean := strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 && config.ValidName(string(r)) {
			return r
		}
		return '-'
	}, text), "-")
	if clean == "" {
		clean = "device"
	}
	const most = 60 // leaves room for a number
	clean = clean[:min(most, len(clean))]
	name := clean
	for n := 2; taken(name); n++ {
		name = clean + "-" + strconv.Itoa(n)
	}
	return name
}

func deviceFacts(key *totp.Key, serial string) map[string]string {
	facts := map[string]string{
		serialFact: serial, issuerFact: key.Issuer, labelFact: key.Account, algorithmFact: string(key.Algorithm),
		digitsFact: strconv.Itoa(key.Digits), periodFact: strconv.Itoa(int(key.Period / time.Second)),
	}
	for name, value := range facts {
		if value == "" {
			delete(facts, name)
		}
	}
	return facts
}

func describeDevice(item keystore.Item) wire.Device {
	number := func(fact string) int {
		n, _ := strconv.Atoi(item.Facts[fact]) // 0 for what is not there
		return n
	}
	return wire.Device{
		Name: item.Name, Serial: item.Facts[serialFact], Issuer: item.Facts[issuerFact], Account: item.Facts[labelFact],
		Algorithm: item.Facts[algorithmFact], Digits: number(digitsFact), Period: number(periodFact), Created: item.Created,
		Tokens: tokensOf(item), Touch: touches(item),
	}
}

// isDevice holds for seeds, wherever they are.
func isDevice(item keystore.Item) bool {
	return item.Kind == keystore.KindTOTP || item.Kind == keystore.KindOATH
}

// deviceNamed finds a device by its name, which no two have.
func deviceNamed(v *keystore.Vault, name string) (keystore.Item, bool) {
	return findItem(v, func(i keystore.Item) bool { return isDevice(i) && i.Name == name })
}

// deviceOf finds the device of a serial number.
func deviceOf(v *keystore.Vault, serial string) (keystore.Item, bool) {
	return findItem(v, func(i keystore.Item) bool { return serial != "" && isDevice(i) && i.Facts[serialFact] == serial })
}

func findItem(v *keystore.Vault, is func(keystore.Item) bool) (keystore.Item, bool) {
	items := v.Items()
	at := slices.IndexFunc(items, is)
	if at < 0 {
		return keystore.Item{}, false
	}
	return items[at], true
}

// findDevice finds a device by its name, else by its serial number.
func findDevice(v *keystore.Vault, name string) (keystore.Item, error) {
	item, found := deviceNamed(v, name)
	if !found {
		item, found = deviceOf(v, name)
	}
	if !found {
		return keystore.Item{}, fmt.Errorf("%w: the vault has no device named %.80q", keystore.ErrNoItem, name)
	}
	return item, nil
}

func (s *Service) deviceList(ctx context.Context, _ *request) ([]wire.Device, error) {
	v, err := s.access.Open(ctx)
	if err != nil {
		return nil, err
	}
	devices := []wire.Device{}
	for _, item := range v.Items() {
		if isDevice(item) {
			devices = append(devices, describeDevice(item))
		}
	}
	return devices, nil
}

func (s *Service) deviceRemove(ctx context.Context, r *request, p wire.NameParams) (wire.RemoveResult, error) {
	_, left, err := s.remove(ctx, r, func(v *keystore.Vault) (keystore.Item, error) { return findDevice(v, p.Name) })
	return wire.RemoveResult{Left: left}, err
}

// remove removes an item, and what it points to from the tokens that are there;
// left are those that are not. The tokens come first: what is on them only the
// item tells.
func (s *Service) remove(ctx context.Context, r *request, find func(*keystore.Vault) (keystore.Item, error)) (item keystore.Item, left []string, err error) {
	v, err := s.access.Unlocked(ctx, r.ask)
	if err != nil {
		return keystore.Item{}, nil, err
	}
	if item, err = find(v); err != nil {
		return keystore.Item{}, nil, err
	}
	if onToken(item) {
		known, err := s.knownAccess(ctx, tokensOf(item), r.ask)
		if err != nil {
			return item, nil, err
		}
		defer known.wipe()
		left, err = s.delete(ctx, tokensOf(item), item.Facts[credentialFact], known, tokenperson.For(r.ask, "to delete "+item.Name))
		if err != nil {
			return item, nil, err
		}
	}
	return item, left, s.access.Use(ctx, r.ask, func(v *keystore.Vault) error { return v.Remove(item.ID) })
}
