package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
)

// A showing is what a verb that shows something does: it fetches a value, and
// tells it to a person, or prints it as JSON with --json.
type showing[T any] struct {
	fetch func(ctx context.Context, args []string) (T, error)
	tell  func(T) error
	// after follows both ways of printing, with the verdict; it may be nil.
	after func(T) error
}

// showCommand makes cmd a verb that shows something.
func showCommand[T any](c console, cmd *cobra.Command, s showing[T]) *cobra.Command {
	var asJSON bool
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		v, err := s.fetch(cmd.Context(), args)
		if err != nil {
			return err
		}
		if asJSON {
			err = c.printJSON(v)
		} else {
			err = s.tell(v)
		}
		if err != nil || s.after == nil {
			return err
		}
		return s.after(v)
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// A listing is what a verb that lists things does.
type listing[T any] struct {
	call   caller
	method string
	table  func([]T) *table.Table
	// none is what is said when there are none, and hint tells the next step then; it
	// may be nil.
	none string
	hint func() string
}

// listCommand makes cmd a verb that lists things.
func listCommand[T any](c console, cmd *cobra.Command, l listing[T]) *cobra.Command {
	return showCommand(c, cmd, showing[[]T]{
		fetch: func(ctx context.Context, _ []string) ([]T, error) {
			list := []T{} // in JSON an empty list is [], not null
			err := l.call(ctx, l.method, nil, &list)
			return list, err
		},
		tell: func(list []T) error {
			if len(list) > 0 {
				return c.print(l.table(list).String())
			}
			c.say("mfad: %s", l.none)
			if l.hint != nil {
				c.hint("%s", l.hint())
			}
			return nil
		},
	})
}
