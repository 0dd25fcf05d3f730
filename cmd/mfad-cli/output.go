package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/mfad/mfad/internal/line"
)

// say writes a line for a person, to standard error: standard output belongs
// to what was asked for.
func (c *cli) say(format string, args ...any) {
	_, _ = fmt.Fprintln(c.err, line.One(fmt.Sprintf(format, args...)))
}

// hint tells the next step.
func (c *cli) hint(format string, args ...any) {
	c.say("mfad: hint: "+format, args...)
}

// jsonFlag declares --json.
func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON, for programs")
	if cmd.ValidArgsFunction == nil && cmd.Args != nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

// printJSON writes a value for programs.
func (c *cli) printJSON(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return c.print(string(text) + "\n")
}

// print writes to standard output in one write.
func (c *cli) print(text string) error {
	if _, err := io.WriteString(c.out, text); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

// A table is printed with its columns aligned, and without titles for nothing.
type table struct{ rows [][]string }

func newTable(titles ...string) *table {
	if len(titles) == 0 {
		return new(table)
	}
	return &table{rows: [][]string{titles}}
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// String aligns by runes; cells are made printable, since they come from files.
func (t *table) String() string {
	widths := map[int]int{}
	for _, row := range t.rows {
		for i := range row {
			row[i] = line.One(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		last := len(row) - 1
		for last > 0 && row[last] == "" {
			last--
		}
		for i, cell := range row[:last] {
			b.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		b.WriteString(row[last] + "\n")
	}
	return b.String()
}

// lifetime says how long something still lives.
func lifetime(until, now time.Time) string {
	if d := until.Sub(now); d > 0 {
		return span(max(d, time.Second))
	}
	return "expired"
}

// span is a duration in words of one glance.
func span(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(d, 0)/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	const day = 24 * time.Hour
	if d >= 2*day {
		return fmt.Sprintf("%d d", d/day)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
}

// orDash fills an empty cell.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
