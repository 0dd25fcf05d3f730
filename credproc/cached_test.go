package credproc_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mfad/mfad/credproc"
)

func TestCachedRequestMakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.role("prod", "K", phone, 0)
		ask := &person{}
		cached := func() (credproc.Result, error) {
			return h.Broker.Credentials(t.Context(), credproc.Request{Profile: "prod", Cached: true, Asker: ask})
		}
		if _, err := cached(); err == nil {
			t.Error("a cold profile has credentials")
		}
		h.count(t, "GetSessionToken", 0)
		first := h.must(t, "prod", nil)
		if again, err := cached(); err != nil || again.AccessKeyID != first.AccessKeyID {
			t.Errorf("got %v, %v; want the session that lives", again, err)
		}
		time.Sleep(45 * time.Minute) // 15 left: too few for the margin
		if _, err := cached(); err == nil {
			t.Error("handed out with 15 minutes left")
		}
		h.count(t, roleARN("prod"), 1)
		if n := ask.asked.Load(); n != 0 {
			t.Errorf("asked %d times", n)
		}
	})
}
