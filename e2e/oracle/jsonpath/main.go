// Answers what PaesslerAG/jsonpath finds, and what ESO's webhook provider makes of it: a document and its paths as JSON on
// each line of its input, one answer on each line of its output. See the README beside it.
package main

import (
	"encoding/json"
	"errors"
	"oracle/lines"
	"strconv"

	"github.com/PaesslerAG/jsonpath"
)

type question struct {
	Document string   `json:"json"`
	Paths    []string `json:"paths"`
}

type lookup struct {
	Path string `json:"path"`
	// The parser takes it.
	Parsed bool `json:"parsed"`
	// What is found, as JSON; nothing where there is an error.
	Found *string `json:"found,omitempty"`
	// What a secret becomes of it; nothing where there is an error.
	Text *string `json:"text,omitempty"`
}

type answer struct {
	Document string   `json:"json"`
	Lookups  []lookup `json:"lookups"`
}

// secret does as ESO's webhook provider does with what is found for an entry of data.
func secret(found any) ([]byte, error) {
	switch value := found.(type) {
	case nil:
		return nil, nil
	case bool:
		return strconv.AppendBool(nil, value), nil
	case float64:
		return strconv.AppendFloat(nil, value, 'f', 0, 64), nil
	case string:
		return []byte(value), nil
	case []any:
		if len(value) == 0 {
			return nil, errors.New("empty")
		}
		return secret(value[0])
	default:
		return json.Marshal(value)
	}
}

func look(document any, path string) (l lookup) {
	l.Path = path
	defer func() {
		if recover() != nil {
			l = lookup{Path: path}
		}
	}()
	_, err := jsonpath.New(path)
	l.Parsed = err == nil
	found, err := jsonpath.Get(path, document)
	if err != nil {
		return l
	}
	if written, err := json.Marshal(found); err == nil {
		text := string(written)
		l.Found = &text
	}
	if made, err := secret(found); err == nil {
		text := string(made)
		l.Text = &text
	}
	return l
}

func run(q question) answer {
	var document any
	a := answer{Document: q.Document, Lookups: []lookup{}}
	if json.Unmarshal([]byte(q.Document), &document) != nil {
		return a
	}
	for _, path := range q.Paths {
		a.Lookups = append(a.Lookups, look(document, path))
	}
	return a
}

func main() {
	lines.Answer(run)
}
