package flight_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/mfad/mfad/credproc/flight"
)

// Three callers want the same session: it is made once, and all three get it.
func ExampleGroup() {
	var sessions flight.Group[string, string, string]
	made := 0
	work := func(_ context.Context, waiting *flight.Waiters[string]) (string, error) {
		made++
		heard := make(chan string)
		waiting.Tell(func(_ context.Context, caller string) { heard <- caller })
		for range 3 { // all callers have come, and know that they wait
			<-heard
		}
		return "session", nil
	}

	var callers sync.WaitGroup
	for _, caller := range []string{"aws", "terraform", "a script"} {
		callers.Go(func() {
			session, err := sessions.Do(context.Background(), "prod", caller, work)
			fmt.Println(caller, "got", session, err)
		})
	}
	callers.Wait()
	fmt.Println("sessions made:", made)
	// Unordered output:
	// aws got session <nil>
	// terraform got session <nil>
	// a script got session <nil>
	// sessions made: 1
}
