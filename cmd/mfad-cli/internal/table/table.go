// Package table lays out text in columns, for people.
//
// A [Table] takes rows of cells and prints them with their columns aligned by
// runes. It makes each cell printable, because cells come from files, from AWS
// and from tokens. It does not wrap, colour or sort, and it knows nothing of
// the terminal's width. The verbs that list and show use it; programs read
// --json instead.
package table

import (
	"strings"
	"unicode/utf8"

	"github.com/mfad/mfad/internal/line"
)

// A Table is rows of cells; the first row holds the titles, if it has any.
type Table struct{ rows [][]string }

// New makes a table whose first row is titles. Without titles it is empty.
func New(titles ...string) *Table {
	if len(titles) == 0 {
		return new(Table)
	}
	return &Table{rows: [][]string{titles}}
}

// Row adds a row. Rows may differ in length.
func (t *Table) Row(cells ...string) { t.rows = append(t.rows, cells) }

// Len is the number of rows, the titles included.
func (t *Table) Len() int { return len(t.rows) }

// String is the text, a line for each row. Empty cells at the end of a row
// leave no spaces behind.
func (t *Table) String() string {
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

// OrDash is the text of a cell, or a dash for an empty one.
func OrDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
