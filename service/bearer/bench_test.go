package bearer

import (
	"testing"

	"github.com/tracehaul/tracehaul/service/bearer/bearertest"
)

// BenchmarkVerify_Known is what nearly every request pays: its token was there
// before. The token is as large as one of Cognito.
func BenchmarkVerify_Known(b *testing.B) {
	v := setup(b)
	r := with(v.issuer.Token(nil))
	b.SetBytes(int64(len(r.Header.Get("Authorization"))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify_KnownParallel(b *testing.B) {
	v := setup(b)
	r := with(v.issuer.Token(nil))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Verify(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkVerify_New is what the first request with a token pays.
func BenchmarkVerify_New(b *testing.B) {
	for name, key := range map[string]bearertest.Key{"RS256": bearertest.RSA("key-1", 2048), "ES256": bearertest.EC("key-1", "ES256")} {
		b.Run(name, func(b *testing.B) {
			v := setupWithoutKeys(b, func(c *Config) { c.Algorithms = []string{"RS256", "ES256"} })
			v.issuer.SetKeys(key)
			v.refresh(b)
			r := with(v.issuer.Token(nil))
			b.ReportAllocs()
			for b.Loop() {
				for i := range v.keys.current.Load().verified {
					clear(v.keys.current.Load().verified[i].entries)
				}
				if _, err := v.Verify(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerify_Forged is what an attacker costs: a wrong signature.
func BenchmarkVerify_Forged(b *testing.B) {
	v := setup(b)
	token := v.issuer.Token(nil)
	r := with(token[:len(token)-10] + "AAAAAAAAAA")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(r); err == nil {
			b.Fatal("let in")
		}
	}
}
