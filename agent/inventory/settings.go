package inventory

import (
	"strconv"
	"time"

	"github.com/mfad/mfad/keystore"
)

// Settings are the person's choices that must not be anybody else's: they are in
// the vault, under its MAC, because whoever can write in the home folder must not
// be able to change them. They have no secret.
type Settings struct {
	Entry
	Hold time.Duration // how long an unlock lasts, in whole seconds
}

// The settings are one item, whose name is that of the first there was.
const (
	kindSettings = keystore.Kind("settings")
	settingsName = "hold"
)

// SettingsOf reads the settings of a vault. Hold is the time that counts when it
// has none, or one that cannot be read.
func SettingsOf(v *keystore.Vault, hold time.Duration) Settings {
	s := Settings{Entry: Entry{Name: settingsName}, Hold: hold}
	item, found := v.Find(kindSettings, settingsName)
	if !found {
		return s
	}
	s.stored = item
	if seconds, err := strconv.ParseInt(item.Facts[holdFact], 10, 32); err == nil {
		s.Hold = time.Duration(seconds) * time.Second
	}
	return s
}

func (s *Settings) describe() (keystore.Kind, map[string]string) {
	return kindSettings, map[string]string{holdFact: strconv.FormatInt(int64(s.Hold/time.Second), 10)}
}
