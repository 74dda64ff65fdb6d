// Keys, certificates and stores: functions that came after the published module, and those that look into what others
// made.
package main

import (
	"bytes"
	"crypto"
	"crypto/dsa"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"math/big"
	"strings"

	"github.com/Masterminds/sprig/v3"
	"golang.org/x/crypto/bcrypt"
	"software.sslmate.com/src/go-pkcs12"
)

func init() {
	newer["htpasswd"] = htpasswd
	newer["filterPEM"] = filterPEM
	newer["certSANs"] = certSANs
	newer["rsaDecrypt"] = rsaDecrypt
	newer["pemTruststoreToPKCS12"] = func(pems string) (string, error) { return trustStore(pems, "") }
	newer["pemTruststoreToPKCS12Pass"] = trustStore

	newer["bcryptFits"] = bcryptFits
	newer["x509Verify"] = x509Verify
	newer["x509Describe"] = x509Describe
	newer["keyDescribe"] = keyDescribe
	newer["keyFits"] = keyFits
	newer["rsaEncrypt"] = rsaEncrypt
	newer["pkcs12Make"] = pkcs12Make
	newer["pkcs12Trusted"] = pkcs12Trusted
}

// The kind of hash is a third argument of the newer function, and was none before.
func htpasswd(user, password string, kind ...string) (string, error) {
	if len(kind) > 1 {
		return "", errors.New("too many arguments")
	}
	if len(kind) == 1 && kind[0] == "sha" && !strings.Contains(user, ":") {
		sum := sha1.Sum([]byte(password))
		return user + ":{SHA}" + base64.StdEncoding.EncodeToString(sum[:]), nil
	}
	return sprig.TxtFuncMap()["htpasswd"].(func(string, string) string)(user, password), nil
}

func fromBegin(text string) []byte {
	if at := strings.Index(text, "-----BEGIN"); at > 0 {
		text = text[at:]
	}
	return []byte(text)
}

func filterPEM(label, text string) (string, error) {
	rest := fromBegin(text)
	kept := ""
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.EqualFold(block.Type, label) {
			kept += string(pem.EncodeToMemory(block))
		}
	}
	if kept == "" && len(rest) > 0 {
		return "", errors.New("junk")
	}
	return kept, nil
}

func certSANs(text string) ([]string, error) {
	cert, err := certificate(string(fromBegin(text)))
	if err != nil {
		return nil, err
	}
	names := append([]string{}, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, cert.EmailAddresses...)
	for _, uri := range cert.URIs {
		names = append(names, uri.String())
	}
	return names, nil
}

func certificate(text string) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

func certificates(text string) (certs []*x509.Certificate, err error) {
	for rest := []byte(text); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, errors.New("no PEM")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

func anyKey(text string) (any, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func rsaKey(text string) (*rsa.PrivateKey, error) {
	key, err := anyKey(text)
	if err != nil {
		return nil, err
	}
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("no RSA key")
}

func oaepHash(name string) hash.Hash {
	switch name {
	case "SHA1":
		return sha1.New()
	case "SHA512":
		return sha512.New()
	}
	return sha256.New()
}

func rsaDecrypt(scheme, hash, in, key string) (string, error) {
	switch scheme {
	case "None":
		return in, nil
	case "RSA-OAEP":
		private, err := rsaKey(key)
		if err != nil {
			return "", err
		}
		out, err := rsa.DecryptOAEP(oaepHash(hash), nil, private, []byte(in), nil)
		return string(out), err
	}
	return "", errors.New("no such scheme")
}

func rsaEncrypt(hash, plain, key string) (string, error) {
	private, err := rsaKey(key)
	if err != nil {
		return "", err
	}
	out, err := rsa.EncryptOAEP(oaepHash(hash), rand.Reader, &private.PublicKey, []byte(plain), nil)
	return string(out), err
}

func trustStore(pems, password string) (string, error) {
	certs, err := certificates(pems)
	if err != nil {
		return "", err
	}
	store, err := pkcs12.Modern.EncodeTrustStore(certs, password)
	return base64.StdEncoding.EncodeToString(store), err
}

// pkcs12Trusted lists the subjects of what a trust store in base64 trusts.
func pkcs12Trusted(store, password string) (string, error) {
	der, err := base64.StdEncoding.DecodeString(store)
	if err != nil {
		return "", err
	}
	certs, err := pkcs12.DecodeTrustStore(der, password)
	names := ""
	for _, cert := range certs {
		names += cert.Subject.String() + "\n"
	}
	return names, err
}

// pkcs12Make makes a store of one of the library's kinds; its bytes, not base64.
func pkcs12Make(kind, certs, key, password string) (string, error) {
	chain, err := certificates(certs)
	if err != nil {
		return "", err
	}
	private, err := anyKey(key)
	if err != nil {
		return "", err
	}
	encoders := map[string]*pkcs12.Encoder{
		"rc2": pkcs12.LegacyRC2, "des": pkcs12.LegacyDES, "modern": pkcs12.Modern2023, "plain": pkcs12.Passwordless,
		"many": pkcs12.Modern2023.WithIterations(100_000), "bomb": pkcs12.LegacyDES.WithIterations(10_000_000),
	}
	store, err := encoders[kind].Encode(private, chain[0], chain[1:], password)
	return string(store), err
}

func bcryptFits(hash, password string) bool {
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
}

// x509Verify says whether a certificate is good for servers and clients by the word of an authority.
func x509Verify(authority, cert, name string) (string, error) {
	root, err := certificate(authority)
	if err != nil {
		return "", err
	}
	leaf, err := certificate(cert)
	if err != nil {
		return "", err
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{Roots: roots, DNSName: name, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := leaf.Verify(options); err != nil {
			return "", err
		}
	}
	return "verified", nil
}

// x509Describe tells all of a certificate that is not random.
func x509Describe(text string) (string, error) {
	cert, err := certificate(text)
	if err != nil {
		return "", err
	}
	serial := cert.SerialNumber.Sign() > 0 && cert.SerialNumber.BitLen() <= 128
	all := fmt.Sprintf("v%d %q by %q serial %v %v to %v CA %v/%v path %d/%v usage %b %v\n", cert.Version,
		cert.Subject, cert.Issuer, serial, cert.SignatureAlgorithm, cert.PublicKeyAlgorithm, cert.IsCA,
		cert.BasicConstraintsValid, cert.MaxPathLen, cert.MaxPathLenZero, cert.KeyUsage, cert.ExtKeyUsage)
	all += fmt.Sprintf("%v after %v, %q %v %v %v\n", cert.NotAfter.Sub(cert.NotBefore), cert.NotBefore.Nanosecond(),
		cert.DNSNames, cert.IPAddresses, cert.EmailAddresses, cert.URIs)
	all += fmt.Sprintf("subject %x\nids of %d and %d bytes\n", cert.RawSubject, len(cert.SubjectKeyId), len(cert.AuthorityKeyId))
	for _, extension := range cert.Extensions {
		value := extension.Value
		if extension.Id[3] == 14 || extension.Id[3] == 35 {
			value = nil
		}
		all += fmt.Sprintf("%v %v %x\n", extension.Id, extension.Critical, value)
	}
	return all, nil
}

// keyDescribe tells all of a private key that is not random.
func keyDescribe(text string) (string, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		return "", errors.New("no PEM")
	}
	if block.Type == "DSA PRIVATE KEY" {
		return describeDSA(block.Bytes)
	}
	key, err := anyKey(text)
	if err != nil {
		return "", err
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		same := bytes.Equal(x509.MarshalPKCS1PrivateKey(key), block.Bytes)
		return fmt.Sprintf("%s RSA %d %d %v", block.Type, key.N.BitLen(), key.E, same), key.Validate()
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(key)
		return fmt.Sprintf("%s EC %s %v", block.Type, key.Params().Name, bytes.Equal(der, block.Bytes)), err
	case ed25519.PrivateKey:
		der, err := x509.MarshalPKCS8PrivateKey(key)
		return fmt.Sprintf("%s Ed25519 %v", block.Type, bytes.Equal(der, block.Bytes)), err
	}
	return "", fmt.Errorf("key of type %T", key)
}

func describeDSA(der []byte) (string, error) {
	var key struct {
		Version       int
		P, Q, G, Y, X *big.Int
	}
	if rest, err := asn1.Unmarshal(der, &key); err != nil || len(rest) > 0 {
		return "", fmt.Errorf("no DSA key: %v", err)
	}
	one := big.NewInt(1)
	order := new(big.Int).Exp(key.G, key.Q, key.P)
	divides := new(big.Int).Mod(new(big.Int).Sub(key.P, one), key.Q)
	fits := new(big.Int).Exp(key.G, key.X, key.P).Cmp(key.Y) == 0 && key.G.Cmp(one) > 0 && key.X.Cmp(key.Q) < 0
	private := &dsa.PrivateKey{PublicKey: dsa.PublicKey{Parameters: dsa.Parameters{P: key.P, Q: key.Q, G: key.G}, Y: key.Y}, X: key.X}
	sum := sha256.Sum256([]byte("text"))
	r, s, err := dsa.Sign(rand.Reader, private, sum[:])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("DSA %d %d %v %v %v %v %v %v", key.P.BitLen(), key.Q.BitLen(), key.P.ProbablyPrime(10),
		key.Q.ProbablyPrime(10), order.Cmp(one) == 0, divides.Sign() == 0, fits,
		dsa.Verify(&private.PublicKey, sum[:], r, s)), nil
}

// keyFits says whether a key is that of a certificate.
func keyFits(cert, key string) (bool, error) {
	parsed, err := certificate(cert)
	if err != nil {
		return false, err
	}
	private, err := anyKey(key)
	if err != nil {
		return false, err
	}
	public, ok := private.(crypto.Signer).Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(parsed.PublicKey), nil
}
