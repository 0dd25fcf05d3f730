package agent

import (
	"context"
	"strconv"
	"time"

	"github.com/mfad/mfad/agent/tokenperson"
	"github.com/mfad/mfad/credproc"
	"github.com/mfad/mfad/keystore"
	"github.com/mfad/mfad/token"
	"github.com/mfad/mfad/token/totp"
)

// releaseByToken is release for a seed that tokens keep.
func (s *Service) releaseByToken(ctx context.Context, item keystore.Item, purpose string, ask credproc.Asker) (string, totp.Step, error) {
	item, known, err := s.follow(ctx, item, ask)
	if err != nil {
		return "", totp.Step{}, err
	}
	defer known.wipe()
	if err := worthATouch(item, ask); err != nil {
		return "", totp.Step{}, err
	}
	for last := false; ; last = true {
		digits, step, err := s.computeByToken(ctx, item, known, purpose, ask)
		// A person may take their time with the touch, and AWS takes the codes of
		// three steps: the last, the current and the next.
		late := err == nil && s.options.Now().After(step.Expires.Add(periodOf(item)/2))
		if !late || last {
			return digits, step, err
		}
		step.Return()
	}
}

// computeByToken takes a step, and gives it back unless the token computes its
// code.
func (s *Service) computeByToken(ctx context.Context, item keystore.Item, known access, purpose string, ask credproc.Asker) (string, totp.Step, error) {
	period := periodOf(item)
	step, err := s.step(ctx, item, period, ask)
	if err != nil {
		return "", totp.Step{}, err
	}
	code, err := s.tokens.OATHCode(ctx, token.OATHCodeParams{
		Ref: refOf(item, known, ask), Name: item.Facts[credentialFact],
		Challenge: uint64(step.At.Unix()) / uint64(period/time.Second),
	}, tokenperson.For(ask, "to get a code for "+purpose))
	if err == nil {
		err = s.access.Refusal() // the person may have locked the vault meanwhile
	}
	if err != nil {
		step.Return()
		return "", totp.Step{}, err
	}
	return code.Digits, step, nil
}

// periodOf is the period of a device's steps. What cannot be one the ledger
// refuses.
func periodOf(item keystore.Item) time.Duration {
	seconds, _ := strconv.Atoi(item.Facts[periodFact])
	return time.Duration(seconds) * time.Second
}
