package qr

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/makiuchi-d/gozxing"
	encoder "rsc.io/qr"
)

// Texts of the length that AWS's codes have.
const (
	one = "otpauth://totp/Amazon%20Web%20Services:joe@acct?secret=" +
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=Amazon%20Web%20Services"
	two = "otpauth://totp/AWS:ann?secret=JBSWY3DPEHPK3PXP"
)

var black, white, glass = color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255}, color.NRGBA{}

// style is how a code is drawn.
type style struct {
	scale, quiet int // pixels a module, modules of margin
	dark, light  color.NRGBA
}

var plain = style{4, 4, black, white}

// code draws a QR code of text.
func code(t testing.TB, text string, s style) *image.NRGBA {
	t.Helper()
	c, err := encoder.Encode(text, encoder.M)
	if err != nil {
		t.Fatal(err)
	}
	side := (c.Size + 2*s.quiet) * s.scale
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetNRGBA(x, y, s.light)
			if c.Black(x/s.scale-s.quiet, y/s.scale-s.quiet) {
				img.SetNRGBA(x, y, s.dark)
			}
		}
	}
	return img
}

// on puts pictures on a page at the given places.
func on(page *image.NRGBA, at []image.Point, pictures ...image.Image) *image.NRGBA {
	for i, p := range pictures {
		draw.Draw(page, p.Bounds().Add(at[i]), p, p.Bounds().Min, draw.Over)
	}
	return page
}

func page(width, height int, c color.NRGBA) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

// turn rotates a picture about its middle, on white.
func turn(src *image.NRGBA, degrees float64) *image.NRGBA {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	side := float64(src.Rect.Dx())
	out := page(int(side*1.5), int(side*1.5), white)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			dx, dy := float64(x)-side*0.75, float64(y)-side*0.75
			from := image.Pt(int(math.Round(dx*cos+dy*sin+side/2)), int(math.Round(dy*cos-dx*sin+side/2)))
			if from.In(src.Rect) {
				out.Set(x, y, src.At(from.X, from.Y))
			}
		}
	}
	return out
}

// photograph adds what a camera does: noise, and a shadow that grows towards a
// corner, both from 0 to 1.
func photograph(src *image.NRGBA, noise, shadow float64) *image.NRGBA {
	random := rand.New(rand.NewPCG(1, 2))
	out := image.NewNRGBA(src.Rect)
	for y := range src.Rect.Dy() {
		for x := range src.Rect.Dx() {
			light := 1 - shadow + shadow*float64(x+y)/float64(src.Rect.Dx()+src.Rect.Dy())
			v := light*float64(src.NRGBAAt(x, y).G)*0.8 + 30 + 255*noise*random.NormFloat64()
			out.Set(x, y, color.Gray{uint8(min(max(v, 0), 255))})
		}
	}
	return out
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 40}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadFindsTheCode(t *testing.T) {
	draw := func(scale, quiet int, dark, light color.NRGBA) *image.NRGBA {
		return code(t, one, style{scale, quiet, dark, light})
	}
	screenshot := on(page(1920, 1080, color.NRGBA{240, 240, 245, 255}), []image.Point{{700, 300}}, code(t, one, plain))
	for name, picture := range map[string][]byte{
		"plain":                 asPNG(t, draw(4, 4, black, white)),
		"1 pixel a module":      asPNG(t, draw(1, 4, black, white)),
		"2 pixels a module":     asPNG(t, draw(2, 4, black, white)),
		"3 pixels a module":     asPNG(t, draw(3, 4, black, white)),
		"20 pixels a module":    asPNG(t, draw(20, 4, black, white)),
		"no quiet zone":         asPNG(t, draw(4, 0, black, white)),
		"no quiet zone, tiny":   asPNG(t, draw(1, 0, black, white)),
		"no quiet zone, large":  asPNG(t, draw(12, 0, black, white)),
		"white on black":        asPNG(t, draw(4, 4, white, black)),
		"white on black, tight": asPNG(t, draw(5, 0, white, black)),
		"black on transparent":  asPNG(t, draw(4, 4, black, glass)),
		"faint":                 asPNG(t, draw(4, 4, color.NRGBA{110, 110, 110, 255}, color.NRGBA{150, 150, 150, 255})),
		"coloured":              asPNG(t, draw(4, 4, color.NRGBA{120, 0, 80, 255}, color.NRGBA{255, 230, 120, 255})),
		"half transparent":      asPNG(t, draw(4, 4, color.NRGBA{0, 0, 0, 128}, glass)),
		"GIF":                   asGIF(t, draw(4, 4, black, white)),
		"JPEG":                  asJPEG(t, draw(4, 4, black, white)),
		"screenshot":            asPNG(t, screenshot),
		"screenshot in dark":    asPNG(t, on(page(1280, 800, color.NRGBA{30, 30, 30, 255}), []image.Point{{600, 100}}, code(t, one, plain))),
		"part of a picture":     asPNG(t, screenshot.SubImage(image.Rect(650, 250, 1100, 700))),
		"turned by 90":          asPNG(t, turn(draw(4, 4, black, white), 90)),
		"turned by 180":         asPNG(t, turn(draw(4, 4, black, white), 180)),
		"turned by 7":           asPNG(t, turn(draw(5, 4, black, white), 7)),
		"turned by 45":          asPNG(t, turn(draw(6, 4, black, white), 45)),
		"photograph":            asJPEG(t, photograph(turn(draw(8, 4, black, white), 4), 0.05, 0.6)),
	} {
		got, err := Read(bytes.NewReader(picture))
		if err != nil || len(got) != 1 || got[0] != one {
			t.Errorf("%s: %d texts, %v", name, len(got), err)
		}
	}
}

// Each of these is read by one part of the ladder alone.
func TestEachRungReadsWhatTheOthersDoNot(t *testing.T) {
	for _, c := range []struct {
		only         string
		scale, quiet int
		turned       float64
		noise        float64
		shadow       float64
		negative     bool
		encode       func(testing.TB, image.Image) []byte
		text         string
	}{
		{"by the neighbourhood", 3, 2, 0, 20. / 255, 0.745, false, asPNG, one},
		{"enlarged twice", 1, 2, 0, 26. / 255, 0.339, false, asPNG, one},
		{"enlarged three times", 2, 4, 11, 27. / 255, 0.2616, false, asJPEG, one},
		{"reduced to a half, without a border", 6, 1, 0, 30. / 255, 0.7088, false, asPNG, two},
		{"reduced to a quarter", 8, 1, 0, 58. / 255, 0.6552, false, asPNG, two},
		{"light on dark, with a border", 1, 2, 0, 26. / 255, 0.339, true, asPNG, one},
		{"by the reader for several codes", 6, 2, 38, 50. / 255, 0.2042, false, asPNG, one},
		{"by the reader for one code", 7, 0, 0, 52. / 255, 0.64, false, asPNG, two},
	} {
		picture := code(t, c.text, style{c.scale, c.quiet, black, white})
		if c.turned != 0 {
			picture = turn(picture, c.turned)
		}
		picture = photograph(picture, c.noise, c.shadow)
		if c.negative {
			for i := range picture.Pix {
				if i%4 != 3 { // all but the opacity
					picture.Pix[i] ^= 255
				}
			}
		}
		got, err := Read(bytes.NewReader(c.encode(t, picture)))
		if err != nil || len(got) != 1 || got[0] != c.text {
			t.Errorf("%s: %d texts, %v", c.only, len(got), err)
		}
	}
}

func TestReadFindsEveryCodeOfAPicture(t *testing.T) {
	apart := []image.Point{{40, 60}, {500, 200}}
	for name, picture := range map[string]*image.NRGBA{
		"side by side":   on(page(900, 600, white), apart, code(t, one, plain), code(t, two, plain)),
		"of two sizes":   on(page(900, 600, white), apart, code(t, one, style{2, 4, black, white}), code(t, two, style{9, 4, black, white})),
		"one inverted":   on(page(900, 600, white), apart, code(t, one, plain), code(t, two, style{4, 4, white, black})),
		"on transparent": on(page(900, 600, glass), apart, code(t, one, style{4, 4, black, glass}), code(t, two, style{4, 4, black, glass})),
	} {
		got, err := Read(bytes.NewReader(asPNG(t, picture)))
		slices.Sort(got)
		if err != nil || !slices.Equal(got, []string{two, one}) && !slices.Equal(got, []string{one, two}) {
			t.Errorf("%s: %d texts, %v", name, len(got), err)
		}
	}
	same := on(page(900, 600, white), apart, code(t, one, plain), code(t, one, plain))
	if got, err := Read(bytes.NewReader(asPNG(t, same))); err != nil || !slices.Equal(got, []string{one}) {
		t.Errorf("the same code twice: %d texts, %v", len(got), err)
	}
}

func TestReadKeepsTextBeyondASCII(t *testing.T) {
	const text = "otpauth://totp/Übergrößen:漢字?secret=JBSWY3DPEHPK3PXP"
	got, err := Read(bytes.NewReader(asPNG(t, code(t, text, plain))))
	if err != nil || len(got) != 1 || got[0] != text {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestReadSaysWhatIsWrongInOneLine(t *testing.T) {
	good := asPNG(t, code(t, one, plain))
	for _, c := range []struct {
		name string
		data []byte
		says string
	}{
		{"nothing", nil, "the picture is empty"},
		{"text", []byte("otpauth://totp/"), "not a picture that mfad can read: save it as PNG, JPEG or GIF"},
		{"PDF", []byte("%PDF-1.7\n\x00\x01"), "not a picture"},
		{"cut off", good[:len(good)/2], "the picture is damaged"},
		{"header alone", good[:20], "the picture is damaged"},
		{"flipped bits", bytes.Replace(good, []byte("IDAT"), []byte("IDAU"), 1), "the picture is damaged"},
		{"blank", asPNG(t, page(300, 300, white)), "no QR code in the picture: make it larger"},
		{"transparent", asPNG(t, page(300, 300, glass)), "no QR code in the picture"},
		{"one pixel", asPNG(t, page(1, 1, black)), "no QR code in the picture"},
		{"one row", asPNG(t, page(2000, 1, black)), "no QR code in the picture"},
		{"half a code", asPNG(t, code(t, one, plain).SubImage(image.Rect(0, 0, 120, 240))), "no QR code in the picture"},
		{"too large a file", append(bytes.Clone(good), make([]byte, maxFile)...), "larger than 16 MB: cut"},
		{"PNG that claims too much", pngOf(t, 100_000, 100_000, 1), "has 100000 x 100000 pixels, more than 20 million: cut"},
		{"PNG that is too long", pngOf(t, 1, maxSide+1, 1), "pixels"},
		{"PNG without pixels", pngOf(t, 0, 10, 0), "the picture is damaged"},
		{"GIF that claims too much", []byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff;"), "has 65535 x 65535 pixels"},
		{"JPEG that claims too much", jpegOf(65000, 65000), "has 65000 x 65000 pixels"},
	} {
		got, err := Read(bytes.NewReader(c.data))
		if err == nil || got != nil {
			t.Errorf("%s: %d texts, no error", c.name, len(got))
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q does not say %q in one line", c.name, err, c.says)
		}
		if none := strings.HasPrefix(c.says, "no QR code"); errors.Is(err, errNoCode) != none {
			t.Errorf("%s: whether it is errNoCode: %v", c.name, !none)
		}
	}
	torn := errors.New("the pipe broke")
	if _, err := Read(iotest.ErrReader(torn)); !errors.Is(err, torn) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// A file of some 50 KB that is a correct PNG of 361 million pixels is refused
// before room is made for them.
func TestReadMakesNoRoomForADecompressionBomb(t *testing.T) {
	bomb := pngOf(t, 19_000, 19_000, 19_000)
	if len(bomb) > 100_000 {
		t.Fatalf("the bomb has %d bytes", len(bomb))
	}
	if config, err := png.DecodeConfig(bytes.NewReader(bomb)); err != nil || config.Width != 19_000 {
		t.Fatalf("the bomb is no PNG: %v", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Read(bytes.NewReader(bomb))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "more than 20 million") {
		t.Errorf("error %v", err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

// pngOf is a PNG of one bit a pixel that claims a size and holds so many rows.
func pngOf(t testing.TB, width, height, rows int) []byte {
	t.Helper()
	var packed bytes.Buffer
	z, err := zlib.NewWriterLevel(&packed, zlib.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	row := make([]byte, 1+(width+7)/8)
	for range rows {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	header = append(header, 1, 0, 0, 0, 0)
	file := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range []struct {
		name string
		data []byte
	}{{"IHDR", header}, {"IDAT", packed.Bytes()}, {"IEND", nil}} {
		file = binary.BigEndian.AppendUint32(file, uint32(len(chunk.data)))
		body := append([]byte(chunk.name), chunk.data...)
		file = append(file, body...)
		file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(body))
	}
	return file
}

// jpegOf is the beginning of a JPEG, up to the first scan; the frame header tells its size.
func jpegOf(width, height uint16) []byte {
	file := []byte{0xff, 0xd8, 0xff, 0xc0, 0, 11, 8}
	file = binary.BigEndian.AppendUint16(file, height)
	file = binary.BigEndian.AppendUint16(file, width)
	return append(file, 1, 1, 0x11, 0, 0xff, 0xda, 0, 8)
}

// broken is a binarizer that fails as gozxing does on odd pictures.
type broken struct{ gozxing.Binarizer }

func (broken) GetBlackMatrix() (*gozxing.BitMatrix, error) {
	var none []int
	return nil, errors.New("never reached: " + string(rune(none[len(none)])))
}

func TestPanicOfTheReaderIsAnError(t *testing.T) {
	texts, err := read(broken{})
	if err == nil || texts != nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("%q, %v", texts, err)
	}
}

func FuzzRead(f *testing.F) {
	small := code(f, two, style{2, 1, black, white})
	f.Add(asGIF(f, small)) // no checksums: mutations reach the pixels
	f.Add(asGIF(f, code(f, "1", style{1, 0, white, black})))
	f.Add(asPNG(f, small))
	f.Add(asJPEG(f, small))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err == nil && config.Width*config.Height > 1<<16 {
			return // correct, but slow
		}
		texts, err := Read(bytes.NewReader(data))
		if (err == nil) == (len(texts) == 0) {
			t.Fatalf("%d texts with error %v", len(texts), err)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	screenshot := on(page(1920, 1080, color.NRGBA{240, 240, 245, 255}), []image.Point{{700, 300}}, code(b, one, plain))
	for name, picture := range map[string][]byte{
		"code":              asPNG(b, code(b, one, plain)),
		"screenshot":        asPNG(b, screenshot),
		"screenshotWithout": asPNG(b, page(1920, 1080, white)),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := Read(bytes.NewReader(picture))
				if err != nil && !errors.Is(err, errNoCode) {
					b.Fatal(err)
				}
			}
		})
	}
}
