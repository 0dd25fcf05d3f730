package table_test

import (
	"testing"

	"github.com/mfad/mfad/cmd/mfad-cli/internal/table"
)

func TestColumnsAlignByRunesAndCellsArePrintable(t *testing.T) {
	rows := table.New("NAME", "WHERE", "NOTE")
	rows.Row("schlüssel", "vault", "")
	rows.Row("a\x1b[2J", table.OrDash(""), "x")
	const want = "NAME       WHERE  NOTE\n" +
		"schlüssel  vault\n" +
		"a\ufffd[2J      -      x\n"
	if got := rows.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if rows.Len() != 3 {
		t.Errorf("%d rows", rows.Len())
	}
}

func TestATableWithoutTitlesIsEmpty(t *testing.T) {
	if got := table.New().String(); got != "" {
		t.Errorf("got %q", got)
	}
}
