package scenario

import (
	"hash/fnv"
	"math"

	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// seed tells the noise of one thing from that of another.
type seed uint64

func seedOf(name string) seed {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash takes everything
	return seed(h.Sum64())
}

// hash is splitmix64 over the seed and a number: the same at every run, and
// without order from one number to the next.
func (s seed) hash(n int64) uint64 {
	//nolint:gosec // overflow is what mixes
	x := uint64(s) + uint64(n)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// uniform is between 0 and 1.
func (s seed) uniform(n int64) float64 { return float64(s.hash(n)>>11) / (1 << 53) }

// normal is about normally distributed, with a mean of 0 and a standard
// deviation of 1: the sum of four numbers of 16 bits.
func (s seed) normal(n int64) float64 {
	sum, h := 0.0, s.hash(n)
	for range 4 {
		sum += float64(h&0xffff) / 0xffff
		h >>= 16
	}
	return (sum - 2) * 1.7320508
}

// smooth moves between -1 and 1, with a new direction every so many numbers.
func (s seed) smooth(n, every int64) float64 {
	block := n / every
	at := float64(n%every) / float64(every)
	a, b := 2*s.uniform(block)-1, 2*s.uniform(block+1)-1
	return a + (b-a)*at
}

// count is how often something happens that does so mean times: Poisson's
// distribution.
func (s seed) count(n int64, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	if mean > 20 {
		return max(0, math.Round(mean+math.Sqrt(mean)*s.normal(n)))
	}
	u, p := s.uniform(n), math.Exp(-mean)
	k, sum := 0.0, p
	for u > sum && k < 100 {
		k++
		p *= mean / k
		sum += p
	}
	return k
}

// spread distributes n samples over values. shares are in ascending order of
// their values; where n is small, luck decides who gets the rare ones.
func (s seed) spread(at int64, n float64, shares []Share) simulator.Samples {
	if n < 1 {
		return simulator.Samples{}
	}
	counts := make([]simulator.Bucket, 0, len(shares))
	common := 0
	for i, share := range shares {
		if share.Percent > shares[common].Percent {
			common = i
		}
	}
	left := n
	for i, share := range shares {
		got := 0.0
		if i != common {
			got = min(left, math.Floor(n*share.Percent/100+s.uniform(at*16+int64(i))))
			left -= got
		}
		counts = append(counts, simulator.Bucket{Value: share.Value, Count: got})
	}
	counts[common].Count = left
	return samplesOf(counts)
}

// samplesOf sums up a distribution, without its empty buckets.
func samplesOf(buckets []simulator.Bucket) simulator.Samples {
	var s simulator.Samples
	for _, b := range buckets {
		if b.Count <= 0 {
			continue
		}
		if s.Count == 0 {
			s.Min = b.Value
		}
		s.Max = b.Value
		s.Count += b.Count
		s.Sum += b.Count * b.Value
		s.Distribution = append(s.Distribution, b)
	}
	return s
}
