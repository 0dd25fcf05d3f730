package qr

import (
	"errors"
	"fmt"
	"slices"

	"github.com/makiuchi-d/gozxing"
	multi "github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// border is wider than the quiet zone of four modules that ISO/IEC 18004 asks
// for, at the sizes at which codes are cut out.
const border = 32

// rungs is the ladder: the picture as it is, enlarged for codes of few pixels,
// reduced for photographs.
var rungs = []func(gray) gray{
	func(g gray) gray { return g },
	func(g gray) gray { return g.enlarge(2) },
	func(g gray) gray { return g.reduce(2) },
	func(g gray) gray { return g.enlarge(3) },
	func(g gray) gray { return g.reduce(4) },
}

// scan climbs the ladder and stops at the first rung that shows a code.
func scan(g gray) ([]string, error) {
	var fault error
	for _, rung := range rungs {
		scaled := rung(g)
		if len(scaled.pix) == 0 { // too large or too small for this rung
			continue
		}
		texts, err := scanRung(scaled)
		if len(texts) > 0 {
			return texts, nil
		}
		fault = errors.Join(fault, err)
	}
	if fault != nil {
		return nil, fmt.Errorf("%w that mfad could read: cut the code out of the picture, with some white around", errNoCode)
	}
	return nil, fmt.Errorf("%w: make it larger and sharper, with some white around", errNoCode)
}

// scanRung reads all codes of a picture, dark on light and light on dark. A
// border is added only when nothing is found without: it hides what noise and
// shadows have left of a code.
func scanRung(g gray) ([]string, error) {
	negative := g.invert()
	texts, err := readAll(g, negative)
	if len(texts) > 0 {
		return texts, err
	}
	framed, framedErr := readAll(g.frame(border, 255), negative.frame(border, 255))
	return framed, errors.Join(err, framedErr)
}

// readAll reads pictures with both ways to tell dark from light: by the
// neighbourhood, which copes with shadows, and by the whole picture, which
// copes with large modules.
func readAll(pictures ...gray) ([]string, error) {
	var texts []string
	var fault error
	for _, g := range pictures {
		source, err := gozxing.NewPlanarYUVLuminanceSource(g.pix, g.width, g.height, 0, 0, g.width, g.height, false)
		if err != nil {
			return nil, err
		}
		for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
			found, err := read(binarizer)
			fault = errors.Join(fault, err)
			for _, text := range found {
				if !slices.Contains(texts, text) {
					texts = append(texts, text)
				}
			}
		}
	}
	return texts, fault
}

// read returns the texts of all codes. The reader for several finds nothing in
// some pictures in which the one for a single code does.
//
// gozxing is a translation from Java, where an index out of range is one of
// the errors that callers expect: it panics on some pictures. That is an error
// here, and what was found until then counts.
func read(binarizer gozxing.Binarizer) (texts []string, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("gozxing: %v", fault)
		}
	}()
	bitmap, err := gozxing.NewBinaryBitmap(binarizer)
	if err != nil {
		return nil, err
	}
	hints := map[gozxing.DecodeHintType]any{
		gozxing.DecodeHintType_TRY_HARDER:    true,
		gozxing.DecodeHintType_CHARACTER_SET: "UTF-8", // it would guess
	}
	// What these readers return as an error is that there is no code.
	if results, err := multi.NewQRCodeMultiReader().DecodeMultiple(bitmap, hints); err == nil {
		for _, r := range results {
			texts = append(texts, r.GetText())
		}
	}
	if len(texts) > 0 {
		return texts, nil
	}
	if r, err := qrcode.NewQRCodeReader().Decode(bitmap, hints); err == nil {
		texts = append(texts, r.GetText())
	}
	return texts, nil
}
