package main

import "encoding/hex"

// hexdec came after the last published module; what cannot be decoded gives the error's text, as sprig's b64dec does.
func hexdec(text string) string {
	decoded, err := hex.DecodeString(text)
	if err != nil {
		return err.Error()
	}
	return string(decoded)
}

func init() {
	newer["hexdec"] = hexdec
}
