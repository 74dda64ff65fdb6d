package serve

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Object makes a value of a kind that is not Go's own.
var Object = func(kind, text string) (any, error) { return nil, fmt.Errorf("no kind %q", kind) }

// A value is [kind, content]: numbers as decimal text (floats as their bits), strings and keys in base64.
func decode(raw json.RawMessage) (any, error) {
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil {
		return nil, err
	}
	var kind string
	if err := json.Unmarshal(pair[0], &kind); err != nil {
		return nil, err
	}
	if value, ok := constants[kind]; ok {
		return value, nil
	}
	if len(pair) < 2 {
		return nil, fmt.Errorf("%s has no content", kind)
	}
	return content(kind, pair[1])
}

var constants = map[string]any{
	"nil":        nil,
	"nilbytes":   []byte(nil),
	"nillist":    []any(nil),
	"nilstrings": []string(nil),
	"nilmap":     map[string]any(nil),
	"nilsmap":    map[string]string(nil),
}

func content(kind string, raw json.RawMessage) (any, error) {
	switch kind {
	case "bool":
		return as[bool](raw)
	case "string":
		b, err := as[[]byte](raw)
		return string(b), err
	case "bytes":
		b, err := as[[]byte](raw)
		return slices.Clip(b), err
	case "list":
		return list[any](raw, func(v any) any { return v })
	case "strings":
		return list(raw, func(v any) string { return v.(string) })
	case "ints":
		return list(raw, func(v any) int { return v.(int) })
	case "lists":
		return list(raw, func(v any) []any { return v.([]any) })
	case "map":
		return dict(raw, func(v any) any { return v })
	case "smap":
		return dict(raw, func(v any) string { return v.(string) })
	case "imap":
		return dict(raw, func(v any) int { return v.(int) })
	case "lmap":
		return dict(raw, func(v any) []string { return v.([]string) })
	}
	text, err := as[string](raw)
	if err != nil {
		return nil, err
	}
	return number(kind, text)
}

func as[T any](raw json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

func list[T any](raw json.RawMessage, convert func(any) T) (any, error) {
	items, err := as[[]json.RawMessage](raw)
	out := make([]T, 0, len(items))
	for _, item := range items {
		v, err := decode(item)
		if err != nil {
			return nil, err
		}
		out = append(out, convert(v))
	}
	return out, err
}

// dict takes [key, value, key, value...].
func dict[T any](raw json.RawMessage, convert func(any) T) (any, error) {
	items, err := as[[]json.RawMessage](raw)
	out := map[string]T{}
	for i := 0; i+1 < len(items); i += 2 {
		key, err := as[[]byte](items[i])
		if err != nil {
			return nil, err
		}
		v, err := decode(items[i+1])
		if err != nil {
			return nil, err
		}
		out[string(key)] = convert(v)
	}
	return out, err
}

func number(kind, text string) (any, error) {
	i, _ := strconv.ParseInt(text, 10, 64)
	u, _ := strconv.ParseUint(text, 10, 64)
	switch kind {
	case "int":
		return int(i), nil
	case "int8":
		return int8(i), nil
	case "int16":
		return int16(i), nil
	case "int32":
		return int32(i), nil
	case "int64":
		return i, nil
	case "uint":
		return uint(u), nil
	case "uint8":
		return uint8(u), nil
	case "uint16":
		return uint16(u), nil
	case "uint32":
		return uint32(u), nil
	case "uint64":
		return u, nil
	case "uintptr":
		return uintptr(u), nil
	case "float64":
		return math.Float64frombits(u), nil
	case "float32":
		return float32(math.Float64frombits(u)), nil
	case "complex128":
		return complex(math.Float64frombits(u), 1.5), nil
	case "complex64":
		return complex64(complex(math.Float64frombits(u), -2)), nil
	}
	return Object(kind, text)
}
