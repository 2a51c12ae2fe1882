package otlp

import (
	"encoding/binary"
	"math"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func appendHistogram[N int64 | float64](b []byte, h metricdata.Histogram[N]) []byte {
	b, mark := open(b, 9)
	for i := range h.DataPoints {
		p := &h.DataPoints[i]
		var point int
		b, point = open(b, 1)
		b = appendFixed64(b, 2, unixNano(p.StartTime))
		b = appendFixed64(b, 3, unixNano(p.Time))
		b = appendFixed64(b, 4, p.Count)
		b = appendDoubleAlways(b, 5, float64(p.Sum))
		b = appendPackedFixed64(b, 6, p.BucketCounts)
		b = appendPackedDouble(b, 7, p.Bounds)
		b = appendExemplars(b, 8, p.Exemplars)
		b = appendSet(b, 9, &p.Attributes)
		b = appendExtrema(b, 11, p.Min)
		b = appendExtrema(b, 12, p.Max)
		b = closeMessage(b, point)
	}
	b = appendVarint(b, 2, temporality(h.Temporality))
	return closeMessage(b, mark)
}

func appendExponential[N int64 | float64](b []byte, h metricdata.ExponentialHistogram[N]) []byte {
	b, mark := open(b, 10)
	for i := range h.DataPoints {
		p := &h.DataPoints[i]
		var point int
		b, point = open(b, 1)
		b = appendSet(b, 1, &p.Attributes)
		b = appendFixed64(b, 2, unixNano(p.StartTime))
		b = appendFixed64(b, 3, unixNano(p.Time))
		b = appendFixed64(b, 4, p.Count)
		b = appendDoubleAlways(b, 5, float64(p.Sum))
		b = appendSint(b, 6, p.Scale)
		b = appendFixed64(b, 7, p.ZeroCount)
		b = appendBuckets(b, 8, p.PositiveBucket)
		b = appendBuckets(b, 9, p.NegativeBucket)
		b = appendExemplars(b, 11, p.Exemplars)
		b = appendExtrema(b, 12, p.Min)
		b = appendExtrema(b, 13, p.Max)
		b = appendDouble(b, 14, p.ZeroThreshold)
		b = closeMessage(b, point)
	}
	b = appendVarint(b, 2, temporality(h.Temporality))
	return closeMessage(b, mark)
}

func appendBuckets(b []byte, field uint64, buckets metricdata.ExponentialBucket) []byte {
	b, mark := open(b, field)
	b = appendSint(b, 1, buckets.Offset)
	if len(buckets.Counts) > 0 {
		var packed int
		b, packed = open(b, 2)
		for _, n := range buckets.Counts {
			b = binary.AppendUvarint(b, n)
		}
		b = closeMessage(b, packed)
	}
	return closeMessage(b, mark)
}

func appendSummary(b []byte, s metricdata.Summary) []byte {
	b, mark := open(b, 11)
	for i := range s.DataPoints {
		p := &s.DataPoints[i]
		var point int
		b, point = open(b, 1)
		b = appendFixed64(b, 2, unixNano(p.StartTime))
		b = appendFixed64(b, 3, unixNano(p.Time))
		b = appendFixed64(b, 4, p.Count)
		b = appendDouble(b, 5, p.Sum)
		for _, q := range p.QuantileValues {
			var quantile int
			b, quantile = open(b, 6)
			b = appendDouble(b, 1, q.Quantile)
			b = appendDouble(b, 2, q.Value)
			b = closeMessage(b, quantile)
		}
		b = appendSet(b, 7, &p.Attributes)
		b = closeMessage(b, point)
	}
	return closeMessage(b, mark)
}

func appendExtrema[N int64 | float64](b []byte, field uint64, e metricdata.Extrema[N]) []byte {
	v, ok := e.Value()
	if !ok {
		return b
	}
	return appendDoubleAlways(b, field, float64(v))
}

func appendPackedFixed64(b []byte, field uint64, values []uint64) []byte {
	if len(values) == 0 {
		return b
	}
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(8*len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func appendPackedDouble(b []byte, field uint64, values []float64) []byte {
	if len(values) == 0 {
		return b
	}
	b = binary.AppendUvarint(appendTag(b, field, wireBytes), uint64(8*len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}
