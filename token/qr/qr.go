// Package qr reads QR codes in pictures, such as a screenshot of the page that
// shows an MFA device's secret.
//
// Pictures come from anywhere, so the package bounds what it reads, and it is
// meant to run in a process of its own that holds no secrets. It does not know
// what the texts mean (see token/totp) and writes no codes.
package qr

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // the formats that Read knows
	_ "image/jpeg"
	_ "image/png"
	"io"
)

// errNoCode is wrapped by the error for a picture in which no QR code can be read.
var errNoCode = errors.New("no QR code in the picture")

// Bounds of a picture. 20 million pixels are two 4K screens side by side, and
// take up to 400 MB for a moment (a progressive JPEG of four colours); without
// a bound a file of 48 KB could ask for as much as it likes.
const (
	maxFile   = 16 << 20
	maxPixels = 20_000_000
	maxSide   = 20_000
)

// Read returns the text of every QR code in a PNG, JPEG or GIF picture, at
// least one, each once. It looks harder the less it finds: a code that is only
// readable enlarged is overlooked beside one that is plain. Every error is one
// line that says what to do. A second is long for a screenshot, but there is no
// limit of time: a picture made to be slow must be met by ending the process.
func Read(r io.Reader) ([]string, error) {
	picture, err := decode(r)
	if err != nil {
		return nil, err
	}
	return scan(flatten(picture))
}

// decode looks at the size that a picture claims before it makes room for it.
func decode(r io.Reader) (image.Image, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the picture: %w", err)
	case len(data) == 0:
		return nil, errors.New("the picture is empty: save it again as PNG")
	case len(data) > maxFile:
		return nil, fmt.Errorf("the picture is larger than %d MB: cut the QR code out of it", maxFile>>20)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	switch {
	case errors.Is(err, image.ErrFormat):
		return nil, errors.New("not a picture that mfad can read: save it as PNG, JPEG or GIF")
	case err != nil:
		return nil, damaged(err)
	case config.Width <= 0 || config.Height <= 0:
		return nil, damaged(errors.New("it has no pixels"))
	// One side at a time first, so that the product cannot overflow.
	case config.Width > maxSide || config.Height > maxSide || config.Width*config.Height > maxPixels:
		return nil, fmt.Errorf("the picture has %d x %d pixels, more than %d million: cut the QR code out of it",
			config.Width, config.Height, maxPixels/1_000_000)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	return picture, nil
}

func damaged(err error) error {
	return fmt.Errorf("the picture is damaged (%v): save it again as PNG", err)
}
