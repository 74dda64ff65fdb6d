// Prints the vectors that crates/gjson is tested with: what the real gjson and encoding/json say about documents and
// paths that a fixed seed grows, and about the hand-made ones of cases.go. See the README beside it.
package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"sort"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Text is a string that JSON can hold as it is; other bytes go as base64.
type Text struct {
	Text   string `json:"t,omitempty"`
	Base64 string `json:"b,omitempty"`
}

type lookup struct {
	Path string `json:"path"`
	Kind string `json:"kind,omitempty"` // none: not found
	Text *Text  `json:"text,omitempty"` // none: empty
	Raw  *Text  `json:"raw,omitempty"`  // none: as the text
}

type member struct {
	Key   string `json:"key"`
	Value Text   `json:"value"`
}

type document struct {
	Document Text     `json:"json"`
	Valid    bool     `json:"valid"`
	Object   bool     `json:"object"`
	Members  []member `json:"members,omitempty"`
	Lookups  []lookup `json:"lookups,omitempty"`
}

func text(s string) Text {
	if utf8.ValidString(s) {
		return Text{Text: s}
	}
	return Text{Base64: base64.StdEncoding.EncodeToString([]byte(s))}
}

func look(doc, path string) lookup {
	l := lookup{Path: path}
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
func describe(doc string) *document {
	d := &document{Document: text(doc), Valid: json.Valid([]byte(doc))}
	var raw map[string]json.RawMessage
	if json.Unmarshal([]byte(doc), &raw) != nil {
		return d
	}
	d.Object = true
	for key, message := range raw {
		var s string
		if json.Unmarshal(message, &s) != nil {
			s = string(message)
		}
		d.Members = append(d.Members, member{key, text(s)})
	}
	sort.Slice(d.Members, func(i, j int) bool { return d.Members[i].Key < d.Members[j].Key })
	return d
}

// write puts one document on each line, so that a change of the vectors can be read.
func write(out io.Writer, documents []*document) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	separator := "["
	for _, d := range documents {
		if _, err := io.WriteString(out, separator); err != nil {
			return err
		}
		if err := encoder.Encode(d); err != nil {
			return err
		}
		separator = ","
	}
	_, err := io.WriteString(out, "]\n")
	return err
}

func main() {
	var documents []*document
	known := map[string]*document{}
	find := func(doc string) *document {
		if known[doc] == nil {
			known[doc] = describe(doc)
			documents = append(documents, known[doc])
		}
		return known[doc]
	}
	add := func(doc, path string) {
		d := find(doc)
		d.Lookups = append(d.Lookups, look(doc, path))
	}
	for _, group := range byHand {
		for _, doc := range group.documents {
			for _, path := range group.paths {
				add(doc, path)
			}
		}
	}
	grow(add)
	for _, doc := range texts {
		find(doc)
	}
	if err := write(os.Stdout, documents); err != nil {
		panic(err)
	}
}
