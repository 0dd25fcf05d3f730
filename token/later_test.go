package token_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/token"
)

func TestLaterTellsOnlyWhatTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, withdrawn := 0, 0
		begin := func() func() {
			return token.Later(time.Second, func() func() { told++; return func() { withdrawn++ } })
		}
		begin()()
		time.Sleep(time.Hour)
		synctest.Wait()
		if told != 0 || withdrawn != 0 {
			t.Errorf("of what was quick it told %d times", told)
		}
		over := begin()
		time.Sleep(time.Hour)
		synctest.Wait()
		if told != 1 || withdrawn != 0 {
			t.Errorf("told %d times, withdrawn %d times", told, withdrawn)
		}
		over()
		if told != 1 || withdrawn != 1 {
			t.Errorf("told %d times, withdrawn %d times", told, withdrawn)
		}
	})
}
