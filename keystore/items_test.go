package keystore

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestPutReplacesByIDAndKeepsNamesUnique(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	phone, fob := f.put(t, "phone", "one"), f.put(t, "fob", "two")

	phone.Name, phone.Facts = "old phone", map[string]string{"serial": "arn:aws:iam::123456789012:mfa/x"}
	now, err := f.Put(phone, []byte("three"))
	if err != nil {
		t.Fatal(err)
	}
	if f.read(t, phone.ID) != "three" || !now.Created.Equal(phone.Created) || now.Written <= phone.Written {
		t.Errorf("replaced by %+v", now)
	}
	if _, err := os.Stat(filepath.Join(f.dir, phone.File())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old file of a replaced item: %v", err)
	}
	_, err = f.Put(Item{Name: "fob", Kind: KindTOTP}, nil)
	wantError(t, err, ErrItemExists)
	fob.Name = "old phone"
	_, err = f.Put(fob, nil)
	wantError(t, err, ErrItemExists)
	fob.Name, fob.Kind = "fob", KindTrust
	_, err = f.Put(fob, nil)
	wantError(t, err, ErrInvalid)
	_, err = f.Put(Item{ID: "totp-gone", Name: "x", Kind: KindTOTP}, nil)
	wantError(t, err, ErrNoItem)
	if _, err := f.Put(Item{Name: "fob", Kind: KindTrust}, nil); err != nil {
		t.Errorf("the same name in another kind: %v", err)
	}
}

func TestPutRefusesWhatAManifestDoesNotTake(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	for name, item := range map[string]Item{
		"no name":       {Kind: KindTOTP},
		"no kind":       {Name: "x"},
		"path as kind":  {Name: "x", Kind: "../totp"},
		"control":       {Name: "a\x1b[2Jb", Kind: KindTOTP},
		"newline":       {Name: "a\nb", Kind: KindTOTP},
		"bidi override": {Name: "a\u202eb", Kind: KindTOTP},
		"not UTF-8":     {Name: "a\xff", Kind: KindTOTP},
		"long":          {Name: string(make([]byte, maxText+1)), Kind: KindTOTP},
		"bad fact":      {Name: "x", Kind: KindTOTP, Facts: map[string]string{"a": "b\n"}},
	} {
		_, err := f.Put(item, nil)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := f.Put(Item{Name: "x", Kind: KindTOTP}, make([]byte, maxSecret+1))
	wantError(t, err, ErrInvalid)
	if _, err := f.Put(Item{Name: "x", Kind: KindTOTP}, make([]byte, maxSecret)); err != nil {
		t.Error(err)
	}
	if f.Generation() != 2 {
		t.Errorf("generation %d", f.Generation())
	}
	f.reopen(t)
}

func TestSetFactsAndRemove(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "one")
	facts := map[string]string{"serial": "1"}
	if err := f.SetFacts(item.ID, facts); err != nil {
		t.Fatal(err)
	}
	facts["serial"] = "changed by the caller"
	if got, _ := f.Find(KindTOTP, "phone"); got.Facts["serial"] != "1" || got.Written != item.Written {
		t.Errorf("item %+v", got)
	}
	f.Items()[0].Facts["serial"] = "changed by a reader"
	if f.Items()[0].Facts["serial"] != "1" {
		t.Error("a reader changed the vault")
	}
	if err := f.Remove(item.ID); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.Remove(item.ID), ErrNoItem)
	wantError(t, f.SetFacts(item.ID, nil), ErrNoItem)
	if files, _ := os.ReadDir(filepath.Join(f.dir, itemsDir)); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestRenameKeepsAllButTheName(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item, fob := f.put(t, "phone", "one"), f.put(t, "fob", "two")
	moved, err := f.Put(Item{Name: "work", Kind: KindOATH, Facts: map[string]string{"tokens": "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	generation := f.Generation()
	for name, want := range map[string]error{
		"fob": ErrItemExists, "work": ErrItemExists, "": ErrInvalid, "a\x1bb": ErrInvalid, strings.Repeat("x", maxText+1): ErrInvalid,
	} {
		wantError(t, f.Rename(item.ID, name, KindOATH), want)
	}
	wantError(t, f.Rename("totp-none", "x"), ErrNoItem)
	if f.Generation() != generation {
		t.Errorf("refusals made generation %d of %d", f.Generation(), generation)
	}
	if err := f.Rename(item.ID, "mobile", KindOATH); err != nil {
		t.Fatal(err)
	}
	if err := f.Rename(moved.ID, "fob"); err != nil { // of a kind that shares no names, unless told
		t.Error(err)
	}
	if err := f.Rename(fob.ID, "fob"); err != nil {
		t.Errorf("to its own name: %v", err)
	}
	f.reopen(t)
	f.unlock(t)
	if _, found := f.Find(KindTOTP, "phone"); found {
		t.Error("the old name is there still")
	}
	got, _ := f.Find(KindTOTP, "mobile")
	if got.ID != item.ID || got.Written != item.Written || !got.Created.Equal(item.Created) || f.read(t, item.ID) != "one" {
		t.Errorf("item %+v, and was %+v", got, item)
	}
}

func TestReplaceChangesTheKindInOneStep(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	phone, fob := f.put(t, "phone", "one"), f.put(t, "fob", "two")
	generation := f.Generation()
	now, err := f.Replace(phone, Item{Name: "phone", Kind: KindOATH, Facts: map[string]string{"tokens": "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Generation() != generation+1 || now.ID == phone.ID || f.read(t, now.ID) != "" {
		t.Errorf("replaced by %+v in generation %d", now, f.Generation())
	}
	if _, found := f.Find(KindTOTP, "phone"); found {
		t.Error("the old item is there")
	}
	_, err = f.Replace(phone, Item{Name: "phone", Kind: KindOATH}, nil)
	wantError(t, err, ErrNoItem)
	_, err = f.Replace(fob, Item{Name: "phone", Kind: KindOATH}, nil)
	wantError(t, err, ErrItemExists)
	if _, err = f.Put(fob, []byte("three")); err != nil {
		t.Fatal(err)
	}
	_, err = f.Replace(fob, Item{Name: "x", Kind: KindOATH}, nil)
	wantError(t, err, ErrNoItem) // it is not the one that the caller read
	if got := f.read(t, fob.ID); got != "three" {
		t.Errorf("fob holds %q", got)
	}
	if names := f.state.folder.strays(f.state.manifest()); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

func TestSeveralItemsAreOneUse(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	a, b := f.put(t, "a", "1"), f.put(t, "b", "2")
	f.SetHold(0)
	f.unlock(t)
	secrets, err := f.ReadAll(a.ID, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range secrets {
		got = append(got, string(s.Bytes()))
		s.Destroy()
	}
	if !slices.Equal(got, []string{"1", "2"}) || !f.Locked() {
		t.Errorf("got %q, locked %v", got, f.Locked())
	}
	_, err = f.ReadAll(a.ID, "none")
	wantError(t, err, ErrNoItem)
}

func TestManyReadersAndWriters(t *testing.T) {
	f := newFixture(t, Options{Hold: -1})
	item := f.put(t, "phone", "0")
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		writers.Go(func() {
			for range 10 {
				if _, err := f.Put(item, []byte("1")); err != nil {
					t.Error(err)
				}
			}
		})
		readers.Go(func() {
			for {
				s, err := f.Read(item.ID)
				if err != nil {
					t.Error(err)
					return
				}
				if got := string(s.Bytes()); got != "0" && got != "1" {
					t.Errorf("read %q", got)
				}
				s.Destroy()
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if got := f.Generation(); got != 42 {
		t.Errorf("generation %d after 42 changes", got)
	}
	if r := f.Verify(); len(r.Faults) > 0 {
		t.Errorf("faults %v", r.Faults)
	}
}
