//go:build cgo && (linux || darwin)

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/pcsc"
)

// ignoring is err, or nil if it is the one that is expected.
func ignoring(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// want says which tokens an operation is for.
type want struct {
	token.Ref
	applet string // "OATH" or "PIV"
	// nameless wants all tokens that have the applet and tell no serial.
	nameless bool
	// All of the serials are meant: each of them must be there, or, if absent
	// ones do not matter, those that are.
	all, present bool
}

// article is the applet's name as text has it.
func (w want) article() string {
	if w.applet == "PIV" {
		return "a PIV"
	}
	return "an " + w.applet
}

func (w want) able(s *session) bool {
	if w.applet == "PIV" {
		return s.piv
	}
	return s.oath != ""
}

// shut is why s cannot do it although it has the applet; nil if that is not so.
func (w want) shut(s *session) error {
	if w.applet == "PIV" || s.shut == nil {
		return nil
	}
	return fmt.Errorf("using %s: %w", s.token, s.shut)
}

// find finds the tokens that are wanted, at least one, and waits for them to be
// plugged in for as long as it may. They are held; releaseAll gives their readers back.
func (o operation) find(ctx context.Context, service *pcsc.Service, w want) ([]*session, error) {
	state, err := service.State()
	if err != nil {
		return nil, err
	}
	found, err := search(ctx, service, state, w)
	if w.Wait <= 0 || !errors.Is(err, token.ErrNotPresent) {
		return found, err
	}
	waiting, cancel := context.WithTimeout(ctx, time.Duration(w.Wait)*time.Second)
	defer cancel()
	defer o.person.Await(ctx, token.Waiting{For: token.AwaitInsert, Serials: w.Serials})()
	for errors.Is(err, token.ErrNotPresent) {
		var late error
		state, late = service.Changed(waiting, state)
		switch {
		case late == nil:
			found, err = search(ctx, service, state, w)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case waiting.Err() != nil:
			return nil, err
		default:
			return nil, late
		}
	}
	return found, err
}

// findOne is find where one token is wanted.
func (o operation) findOne(ctx context.Context, service *pcsc.Service, ref token.Ref, applet string) (*session, error) {
	found, err := o.find(ctx, service, want{Ref: ref, applet: applet})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// search looks once among the tokens that are plugged in, and holds what it
// found.
func search(ctx context.Context, service *pcsc.Service, state pcsc.State, w want) ([]*session, error) {
	met, faults := openAll(ctx, service, state.Present())
	found, err := choose(met, w)
	for _, s := range met {
		if err != nil || !slices.Contains(found, s) {
			s.release()
		}
	}
	// One that could not be looked at may be the one that is meant; one that was
	// pulled out meanwhile is not plugged in.
	if errors.Is(err, token.ErrNotPresent) {
		for _, fault := range faults {
			if !errors.Is(fault, token.ErrRemoved) && !errors.Is(fault, token.ErrNotPresent) {
				return nil, fault
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// choose picks the tokens that are wanted from those that are there.
func choose(met []*session, w want) ([]*session, error) {
	if w.nameless {
		fit := slices.DeleteFunc(slices.Collect(able(met, w)), func(s *session) bool { return s.token.Serial != "" })
		if len(fit) == 0 {
			return nil, fmt.Errorf("%w: wanted is one without a serial number; %s", token.ErrNotPresent, there(met))
		}
		return fit, nil
	}
	if len(w.Serials) == 0 {
		return only(slices.Collect(able(met, w)), met, w)
	}
	var found []*session
	var missing []string
	for _, serial := range w.Serials {
		i := slices.IndexFunc(met, func(s *session) bool { return s.isCalled(serial) })
		switch {
		case i < 0:
			missing = append(missing, serial)
		case !w.able(met[i]):
			return nil, cmp.Or(w.shut(met[i]), fmt.Errorf(
				"%w: %s has no %s applet, or it is switched off", token.ErrUnsupported, met[i].token, w.applet))
		case !slices.Contains(found, met[i]):
			found = append(found, met[i])
		}
		if len(found) > 0 && !w.all && !w.present {
			return found, nil
		}
	}
	if len(missing) > 0 && (w.all || len(found) == 0) {
		return nil, fmt.Errorf("%w: wanted is the one with serial %s; %s", token.ErrNotPresent, strings.Join(missing, " or "), there(met))
	}
	return found, nil
}

// able are those of the tokens that have the applet.
func able(met []*session, w want) func(yield func(*session) bool) {
	return func(yield func(*session) bool) {
		for _, s := range met {
			if w.able(s) && !yield(s) {
				return
			}
		}
	}
}

// only is the one token that can do it.
func only(fit, met []*session, w want) ([]*session, error) {
	switch {
	case len(fit) == 1:
		return fit, nil
	case len(fit) > 1:
		return nil, fmt.Errorf("%w, which could all be meant: %s: name one by its serial", token.ErrAmbiguous, names(fit))
	case len(met) > 0:
		for _, s := range met {
			if err := w.shut(s); err != nil {
				return nil, err
			}
		}
		return nil, fmt.Errorf("%w: wanted is one with %s applet; %s", token.ErrNotPresent, w.article(), there(met))
	}
	return nil, fmt.Errorf("%w: no reader has one", token.ErrNotPresent)
}

// there says what is plugged in instead.
func there(met []*session) string {
	if len(met) == 0 {
		return "none is plugged in"
	}
	return "plugged in: " + names(met)
}

func names(sessions []*session) string {
	var list []string
	for _, s := range sessions {
		list = append(list, s.name())
	}
	return strings.Join(list, ", ")
}

func releaseAll(sessions []*session) {
	for _, s := range sessions {
		s.release()
	}
}
