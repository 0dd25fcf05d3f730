package totp

import "slices"

// maxSpans is how many spans of a device are kept.
const maxSpans = 32

// span is the time from from up to to, in Unix seconds on AWS's clock.
type span struct{ from, to int64 }

func (s span) meets(t span) bool { return s.from < t.to && t.from < s.to }

// spans are the times whose codes were released: in order, apart from each
// other, and never changed in place. Each has whole steps, of whatever period
// the device had then.
type spans []span

// with has s too. Beyond the bound the two earliest spans become one with the
// time between them: nothing that was released is forgotten, and the earliest
// gap is the first to have passed.
func (all spans) with(s span) spans {
	var merged spans
	for _, t := range all {
		switch {
		case t.to < s.from || s.to < t.from:
			merged = append(merged, t)
		default:
			s = span{min(s.from, t.from), max(s.to, t.to)}
		}
	}
	at, _ := slices.BinarySearchFunc(merged, s, func(a, b span) int { return int(min(max(a.from-b.from, -1), 1)) })
	merged = slices.Insert(merged, at, s)
	if len(merged) > maxSpans {
		merged[1].from = merged[0].from
		merged = merged[1:]
	}
	return merged
}

// without has nothing of s.
func (all spans) without(s span) spans {
	var rest spans
	for _, t := range all {
		if !t.meets(s) {
			rest = append(rest, t)
			continue
		}
		if t.from < s.from {
			rest = append(rest, span{t.from, s.from})
		}
		if s.to < t.to {
			rest = append(rest, span{s.to, t.to})
		}
	}
	return rest
}

// next is the start of the first step of p seconds, from start on, of which
// nothing was released.
func (all spans) next(start, p int64) int64 {
	for _, s := range all {
		if s.meets(span{start, start + p}) {
			start = (s.to + p - 1) / p * p
		}
	}
	return start
}

// numbers are the spans as the ledger's file has them.
func (all spans) numbers() []int64 {
	var list []int64
	for _, s := range all {
		list = append(list, s.from, s.to)
	}
	return list
}

// spansOf reads numbers; ok is false when they are not what numbers writes.
func spansOf(list []int64) (all spans, ok bool) {
	if len(list) == 0 || len(list)%2 != 0 || len(list) > 2*maxSpans {
		return nil, false
	}
	for i := 0; i < len(list); i += 2 {
		s := span{list[i], list[i+1]}
		if s.from < 0 || s.to <= s.from || s.to > farFuture || i > 0 && s.from <= all[len(all)-1].to {
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}
