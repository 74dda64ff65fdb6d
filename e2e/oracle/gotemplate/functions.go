package main

import (
	"errors"
	"slices"
	"strings"
	"text/template"
)

// Pair is a struct with a field of each kind and methods.
type Pair struct {
	Left  int
	Right any
}

// Sum has a variadic parameter.
func (p Pair) Sum(numbers ...int) int {
	for _, n := range numbers {
		p.Left += n
	}
	return p.Left
}

// Join has two fixed ones and may fail.
func (p Pair) Join(text string, again bool) (string, error) {
	if again {
		return "", errors.New("not again")
	}
	return text + text, nil
}

var functions = template.FuncMap{
	"add":     func(a, b int) int { return a + b },
	"upper":   func(s string) string { return strings.ToUpper(s) },
	"join":    func(sep string, parts ...string) string { return strings.Join(parts, sep) },
	"list":    func(items ...any) []any { return items },
	"dict":    dictOf,
	"set":     func(m map[string]any, key string, value any) map[string]any { m[key] = value; return m },
	"fail":    func(message string) (string, error) { return "", errors.New(message) },
	"double":  func(f float64) float64 { return 2 * f },
	"byte":    func(u uint8) uint8 { return u },
	"int64":   func(i int64) int64 { return i },
	"negate":  func(b bool) bool { return !b },
	"conj":    func(c complex128) complex128 { return complex(real(c), -imag(c)) },
	"count":   func(list []string) int { return len(list) },
	"size":    func(m map[string]any) int { return len(m) },
	"nothing": func() any { return nil },
	"answer":  func() int { return 42 },
	"adder":   func() func(int, int) int { return func(a, b int) int { return a + b } },
	"echo":    func(v any) any { return v },
	"bytes":   func(s string) []byte { return slices.Clip([]byte(s)) },
}

func dictOf(items ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(items); i += 2 {
		key, ok := items[i].(string)
		if !ok {
			return nil, errors.New("a key is no string")
		}
		m[key] = items[i+1]
	}
	return m, nil
}
