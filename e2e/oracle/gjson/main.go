// Answers what gjson and encoding/json make of the documents that crates/gjson is tested with: a document and its paths
// as JSON on each line of its input, one answer on each line of its output. See the README beside it.
package main

import (
	"encoding/json"
	"oracle/lines"
	"sort"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Text is a string that JSON can hold as it is; other bytes go as base64.
type Text struct {
	Text   string `json:"t,omitempty"`
	Base64 []byte `json:"b,omitempty"`
}

type question struct {
	Document Text     `json:"json"`
	Paths    []string `json:"paths"`
}

type lookup struct {
	Path  string `json:"path"`
	Kind  string `json:"kind,omitempty"`  // none: not found
	Text  *Text  `json:"text,omitempty"`  // none: empty
	Raw   *Text  `json:"raw,omitempty"`   // none: as the text
	Panic bool   `json:"panic,omitempty"` // gjson has died of it
}

type member struct {
	Key   string `json:"key"`
	Value Text   `json:"value"`
}

type answer struct {
	Document Text     `json:"json"`
	Valid    bool     `json:"valid"`
	Object   bool     `json:"object"`
	Members  []member `json:"members,omitempty"`
	Lookups  []lookup `json:"lookups,omitempty"`
}

func (t Text) bytes() string {
	if t.Base64 != nil {
		return string(t.Base64)
	}
	return t.Text
}

func text(s string) Text {
	if utf8.ValidString(s) {
		return Text{Text: s}
	}
	return Text{Base64: []byte(s)}
}

func look(doc, path string) (l lookup) {
	l.Path = path
	defer func() {
		if recover() != nil {
			l = lookup{Path: path, Panic: true}
		}
	}()
	r := gjson.Get(doc, path)
	if !r.Exists() {
		return l
	}
	l.Kind = r.Type.String()
	if s := text(r.String()); r.String() != "" {
		l.Text = &s
	}
	if raw := text(r.Raw); r.Raw != r.String() {
		l.Raw = &raw
	}
	return l
}

// describe extracts as ESO's providers do: into a map of raw messages, each of which may be a string.
func describe(doc string) answer {
	a := answer{Document: text(doc), Valid: json.Valid([]byte(doc))}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(doc), &raw) != nil {
		return a
	}
	a.Object = true
	for key, message := range raw {
		var s string
		if json.Unmarshal(message, &s) != nil {
			s = string(message)
		}
		a.Members = append(a.Members, member{key, text(s)})
	}
	sort.Slice(a.Members, func(i, j int) bool { return a.Members[i].Key < a.Members[j].Key })
	return a
}

func run(q question) answer {
	doc := q.Document.bytes()
	a := describe(doc)
	for _, path := range q.Paths {
		a.Lookups = append(a.Lookups, look(doc, path))
	}
	return a
}

func main() {
	lines.Answer(run)
}
