package qr

import (
	"image"
	"image/draw"
)

// gray is a picture as brightness, 0 for black, row by row without gaps.
type gray struct {
	pix           []byte
	width, height int
}

func newGray(width, height int) gray {
	return gray{make([]byte, width*height), width, height}
}

// flatten puts the picture on white, as the page did on which it was seen, and
// keeps its brightness. It works in bands so as not to hold the colours twice.
func flatten(picture image.Image) gray {
	const rows = 64
	bounds := picture.Bounds()
	g := newGray(bounds.Dx(), bounds.Dy())
	band := image.NewRGBA(image.Rect(0, 0, g.width, min(rows, g.height)))
	for top := 0; top < g.height; top += rows {
		draw.Draw(band, band.Rect, image.White, image.Point{}, draw.Src)
		draw.Draw(band, band.Rect, picture, bounds.Min.Add(image.Pt(0, top)), draw.Over)
		out := g.pix[top*g.width : min(top+rows, g.height)*g.width]
		for i := range out {
			r, gr, b := int(band.Pix[4*i]), int(band.Pix[4*i+1]), int(band.Pix[4*i+2])
			out[i] = byte((r + 2*gr + b) / 4)
		}
	}
	return g
}

// invert is for codes in white on black.
func (g gray) invert() gray {
	out := newGray(g.width, g.height)
	for i, v := range g.pix {
		out.pix[i] = 255 - v
	}
	return out
}

// frame adds a border: a code needs a quiet zone, which tight screenshots cut off.
func (g gray) frame(border int, shade byte) gray {
	out := newGray(g.width+2*border, g.height+2*border)
	for i := range out.pix {
		out.pix[i] = shade
	}
	for y := range g.height {
		copy(out.pix[(y+border)*out.width+border:], g.pix[y*g.width:(y+1)*g.width])
	}
	return out
}

// enlarge repeats every pixel n times in both directions. It makes nothing of a
// picture that would become too large: what is small in it is not a code.
func (g gray) enlarge(n int) gray {
	if n*n*len(g.pix) > maxPixels {
		return gray{}
	}
	out := newGray(n*g.width, n*g.height)
	for y := range out.height {
		row := g.pix[y/n*g.width:]
		for x := range out.width {
			out.pix[y*out.width+x] = row[x/n]
		}
	}
	return out
}

// reduce averages n by n pixels, which takes away the noise of photographs.
func (g gray) reduce(n int) gray {
	out := newGray(g.width/n, g.height/n)
	for y := range out.height {
		for x := range out.width {
			sum := 0
			for dy := range n {
				for dx := range n {
					sum += int(g.pix[(y*n+dy)*g.width+x*n+dx])
				}
			}
			out.pix[y*out.width+x] = byte(sum / (n * n))
		}
	}
	return out
}
