package credproc

import (
	"context"
	"fmt"

	"github.com/mfad/mfad/internal/serial"
)

// AskTime has AWS tell its time, to Options.Codes: the endpoint that was asked
// last, which is AWS's or trusted, else the one of Options.TimeAt in the partition of the
// device, which is meant by its serial number. It sends nothing but the question.
func (b *Broker) AskTime(ctx context.Context, device string) error {
	if heard := b.exchanger.heard.Load(); heard != nil {
		return (*heard).Time(ctx)
	}
	if b.timeAt == nil {
		return fmt.Errorf("%w: nobody to ask for the time", ErrUnavailable)
	}
	at, err := b.timeAt(serial.Partition(device))
	if err != nil {
		return err
	}
	client, err := b.exchanger.dial(at)
	if err != nil {
		return err
	}
	return client.Time(ctx)
}
