//go:build unix

package main

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"

	"github.com/rogpeppe/go-internal/testscript"
	"rsc.io/qr"
)

// pictureCommand is `qrpicture FILE TEXT…`: a white picture with the QR codes
// of the texts side by side.
func pictureCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: qrpicture FILE TEXT...")
	}
	const side, dot = 400, 6
	picture := image.NewGray(image.Rect(0, 0, side*max(1, len(args)-1), side))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for i, text := range args[1:] {
		code, err := qr.Encode(text, qr.M)
		ts.Check(err)
		for y := range code.Size * dot {
			for x := range code.Size * dot {
				if code.Black(x/dot, y/dot) {
					picture.Set(i*side+30+x, 30+y, color.Black)
				}
			}
		}
	}
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(png.Encode(file, picture))
	ts.Check(file.Close())
}
