package bearer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

const (
	// maxKeySet is the largest key set, the one that a load balancer takes
	// ("Verify JWTs using an Application Load Balancer", its user guide).
	maxKeySet = 150 << 10

	// maxKeys is the most keys of a set. A load balancer takes 10.
	maxKeys = 64

	minRSABits = 2048 // RFC 7518, 3.3
	maxRSABits = 8192 // beyond it verifying takes milliseconds
)

// keySet are the keys of an issuer at one time, and the tokens that they
// verified. It does not change, apart from the latter.
type keySet struct {
	keys     map[string]key // by kid
	ignored  []string       // why keys were left out
	verified *cache
}

// key is a public key and what it is for.
type key struct {
	public     interface{ Equal(crypto.PublicKey) bool }
	algorithms []string
}

// key finds a key. No set has none.
func (s *keySet) key(kid string) (found key, ok bool) {
	if s == nil {
		return key{}, false
	}
	found, ok = s.keys[kid]
	return found, ok
}

// equal says whether both sets verify the same tokens.
func (s *keySet) equal(other *keySet) bool {
	return s != nil && maps.EqualFunc(s.keys, other.keys, func(a, b key) bool {
		return a.public.Equal(b.public) && slices.Equal(a.algorithms, b.algorithms)
	})
}

// jwk is one key of a set (RFC 7517, 4; RFC 7518, 6).
type jwk struct {
	Kty    string   `json:"kty"`
	Kid    string   `json:"kid"`
	Use    string   `json:"use"`
	KeyOps []string `json:"key_ops"`
	Alg    string   `json:"alg"`
	N      string   `json:"n"`
	E      string   `json:"e"`
	Crv    string   `json:"crv"`
	X      string   `json:"x"`
	Y      string   `json:"y"`
	D      string   `json:"d"`
}

// parseKeySet reads a key set. Keys that cannot be used are left out, as RFC
// 7517, 5, advises; a set without any other is an error, which says what it is
// or holds.
func parseKeySet(text []byte, allowed []string) (*keySet, error) {
	if len(text) > maxKeySet {
		return nil, fmt.Errorf("is larger than %d bytes", maxKeySet)
	}
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &document) != nil {
		return nil, errors.New(`is no JSON Web Key Set: want {"keys": [...]}`)
	}
	if len(document.Keys) > maxKeys {
		return nil, fmt.Errorf("holds %d keys: want %d at most", len(document.Keys), maxKeys)
	}
	set := &keySet{keys: map[string]key{}, verified: newCache()}
	for i, raw := range document.Keys {
		var j jwk
		k, err := key{}, json.Unmarshal(raw, &j)
		if err == nil {
			k, err = j.key(allowed)
		}
		if _, twice := set.keys[j.Kid]; err == nil && twice {
			err = errors.New("its kid is that of another key")
		}
		if err != nil {
			set.ignored = append(set.ignored, fmt.Sprintf("key %d: %v", i+1, err))
			continue
		}
		set.keys[j.Kid] = k
	}
	if len(set.keys) == 0 {
		why := append([]string{"holds no key for " + strings.Join(allowed, ", ")}, set.ignored...)
		return nil, errors.New(strings.Join(why, "; "))
	}
	return set, nil
}

// key makes a key of j if it can be used: a public key to verify signatures of
// allowed algorithms.
func (j jwk) key(allowed []string) (k key, err error) {
	switch {
	case j.Kid == "":
		return key{}, errors.New("it has no kid")
	case j.Use != "" && j.Use != "sig":
		return key{}, errors.New("its use is not sig")
	case j.KeyOps != nil && !slices.Contains(j.KeyOps, "verify"):
		return key{}, errors.New("its key_ops are without verify")
	case j.D != "":
		return key{}, errors.New("it is a private key, which everybody knows now")
	}
	fits := func(string) bool { return false }
	switch j.Kty {
	case "RSA":
		k.public, err = j.rsa()
		fits = func(alg string) bool { return alg[0] == 'R' || alg[0] == 'P' }
	case "EC":
		k.public, err = j.ecdsa()
		fits = func(alg string) bool { return curves[j.Crv].algorithm == alg }
	default:
		err = errors.New("its kty is neither RSA nor EC")
	}
	if err != nil {
		return key{}, err
	}
	for _, alg := range allowed {
		if fits(alg) && (j.Alg == "" || j.Alg == alg) {
			k.algorithms = append(k.algorithms, alg)
		}
	}
	if len(k.algorithms) == 0 {
		return key{}, errors.New("it is for no accepted algorithm")
	}
	return k, nil
}

func (j jwk) rsa() (*rsa.PublicKey, error) {
	modulus, err := base64.RawURLEncoding.DecodeString(j.N)
	if err != nil {
		return nil, errors.New("its n is not base64url")
	}
	n := new(big.Int).SetBytes(modulus)
	if bits := n.BitLen(); bits < minRSABits || bits > maxRSABits {
		return nil, fmt.Errorf("its modulus has %d bits: want %d to %d", bits, minRSABits, maxRSABits)
	}
	exponent, err := base64.RawURLEncoding.DecodeString(j.E)
	if err != nil || len(exponent) > 4 {
		return nil, errors.New("its e is not base64url of 4 bytes at most")
	}
	e := new(big.Int).SetBytes(exponent).Int64()
	if e < 3 || e%2 == 0 || e > 1<<31-1 {
		return nil, errors.New("its e is no exponent of RSA")
	}
	return &rsa.PublicKey{N: n, E: int(e)}, nil
}

// curves are those that algorithms go with (RFC 7518, 3.4 and 6.2.1).
var curves = map[string]struct {
	curve     elliptic.Curve
	algorithm string
}{
	"P-256": {elliptic.P256(), "ES256"},
	"P-384": {elliptic.P384(), "ES384"},
	"P-521": {elliptic.P521(), "ES512"},
}

func (j jwk) ecdsa() (*ecdsa.PublicKey, error) {
	c, known := curves[j.Crv]
	if !known {
		return nil, errors.New("its crv is not P-256, P-384 or P-521")
	}
	size := (c.curve.Params().BitSize + 7) / 8
	point := []byte{4} // uncompressed (SEC 1, 2.3.4)
	for _, coordinate := range []string{j.X, j.Y} {
		b, err := base64.RawURLEncoding.DecodeString(coordinate)
		if err != nil || len(b) != size {
			return nil, fmt.Errorf("its x or y is not base64url of %d bytes", size)
		}
		point = append(point, b...)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(c.curve, point)
	if err != nil {
		return nil, errors.New("its x and y are no point of the curve")
	}
	return public, nil
}
