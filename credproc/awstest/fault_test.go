package awstest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/mfad/mfad/credproc/awstest"
)

func TestFaultsBefallTheNextRequests(t *testing.T) {
	w := newWorld(t)
	w.Inject(awstest.Throttle, awstest.InternalFailure, awstest.Unavailable)
	for _, want := range []string{"Throttling", "InternalFailure", "ServiceUnavailable"} {
		_, err := w.client().GetCallerIdentity(t.Context(), nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := w.client().GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestDroppedConnections(t *testing.T) {
	for fault, spent := range map[awstest.Fault]bool{awstest.DropBefore: false, awstest.DropAfter: true} {
		t.Run(string(fault), func(t *testing.T) {
			w := newWorld(t)
			w.Inject(fault)
			code := w.device.Code(w.Now())
			var api smithy.APIError
			if err := w.prove(t, w.device, code); err == nil || errors.As(err, &api) {
				t.Fatalf("got %v, want no answer", err)
			}
			if err := w.prove(t, w.device, code); (err != nil) != spent {
				t.Errorf("the code again: got %v, want it spent: %v", err, spent)
			}
			if first := w.Journal()[0]; first.Fault != fault || (first.Verdict == awstest.OK) != spent {
				t.Errorf("got entry %+v", first)
			}
		})
	}
}

func TestHeldRequestsWait(t *testing.T) {
	w := newWorld(t)
	release := w.Hold()
	done := make(chan error, 2)
	for range cap(done) {
		go func() {
			_, err := w.client().GetCallerIdentity(t.Context(), nil)
			done <- err
		}()
	}
	if err := w.Await(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if n := len(w.Journal()); n != 0 {
		t.Errorf("%d requests were decided at the gate", n)
	}
	release()
	release() // does nothing more
	for range cap(done) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := w.Count("GetCallerIdentity"); n != 2 {
		t.Errorf("got %d requests, want 2", n)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Await(gone, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that nothing came", err)
	}
}

func TestServersClockIsItsOwn(t *testing.T) {
	w := newWorld(t)
	w.SetSkew(time.Hour)
	got := w.send(t, w.raw())
	if got.Code != "SignatureDoesNotMatch" {
		t.Errorf("got %+v", got)
	}
	date, err := http.ParseTime(got.header.Get("Date"))
	if err != nil || !date.Equal(w.Now().Add(time.Hour)) {
		t.Errorf("got Date %v, %v; want an hour ahead", date, err)
	}
	w.SetSkew(14 * time.Minute)
	if err := w.prove(t, w.device, w.device.Code(w.Now().Add(14*time.Minute))); err != nil {
		t.Errorf("a code by the server's clock: %v", err)
	}
}
