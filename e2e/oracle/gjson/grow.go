package main

import (
	"math/rand"
	"os"
	"strconv"
	"strings"
)

// A grower makes documents, and paths that mostly lead somewhere in them: keys and values come from small sets.
type grower struct{ *rand.Rand }

var keys = []string{"a", "b", "name", "a.b", "", "x-y", "k*", "é", "#", "0", "1", `q\"`, `b\\s`, "tag", "@this", `\u0061`, "a|b"}

var scalars = []string{
	"null", "true", "false", "0", "-0", "1", "42", "-7", "1.50", "1e3", "1E-2", "-2.5e+10", "12345678901234567890",
	"1e400", "0.1", `""`, `"s"`, `"two words"`, `"é\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\"quoted\""`,
	`"a\nb\tc"`, `"{\"in\":[1]}"`, `"true"`, `"\\"`, `"<&>"`, `"a.b"`,
}

var parts = []string{
	"a", "b", "name", "tag", `a\.b`, "*", "a*", "?", "*a*", "n?me", "#", "0", "1", "2", "x-y", `k\*`, "é", "", `\#`,
	`b\\s`, `@this`, `#(a)`, `#(a)#`, `#(a>0)#`, `#(name=="s")`, `#(name%"*s*")#`, `#(=42)`, `#(!="s")#`, `#(a=~true)#`,
	`#(tag!~null)#`, `#(#(>=1)#)#`, `[a,b]`, `{a,"n":name}`, `{tag,x:a.#}`, "@reverse", "@keys", "@values", "@flatten",
	`@flatten:{"deep":true}`, "@join", `@join:{"preserve":true}`, "@ugly", "@pretty", `@pretty:{"sortKeys":true,"width":20}`,
	"@tostr", "@fromstr", "@tostr|@fromstr", "@group", "@dig:a", "@valid", "@none", "!true", `!{"a":1}`, "!5",
}

func (g grower) pick(from []string) string { return from[g.Intn(len(from))] }

func (g grower) blank() string { return g.pick([]string{"", "", "", " ", "\n\t"}) }

func (g grower) document(depth int) string {
	switch n := g.Intn(10); {
	case depth == 0 || n < 3:
		return g.pick(scalars)
	case n < 7:
		return g.list('{', '}', func() string {
			return `"` + g.pick(keys) + `"` + g.blank() + ":" + g.blank() + g.document(depth-1)
		})
	default:
		return g.list('[', ']', func() string { return g.document(depth - 1) })
	}
}

func (g grower) list(open, end byte, item func() string) string {
	var b strings.Builder
	b.WriteByte(open)
	for i, n := 0, g.Intn(5); i < n; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(g.blank() + item() + g.blank())
	}
	b.WriteByte(end)
	return b.String()
}

func (g grower) path(plain bool) string {
	from := parts
	if plain {
		from = parts[:20]
	}
	path := g.pick(from)
	for n := g.Intn(3); n > 0; n-- {
		path += g.pick([]string{".", ".", ".", "|"}) + g.pick(from)
	}
	return path
}

// bend makes a text that is mostly no JSON or no path any more.
func (g grower) bend(text string) string {
	for n := 1 + g.Intn(3); n > 0; n-- {
		at := g.Intn(len(text) + 1)
		switch g.Intn(3) {
		case 0:
			text = text[:at]
		case 1:
			text = text[:at] + g.pick([]string{`"`, `\`, "{", "}", "[", "]", ",", ":", "(", ")", "#", "n", "\x01", "-", "é", ".", "|"}) + text[at:]
		default:
			text = text[:at] + text[min(len(text), at+1):]
		}
	}
	return text
}

func size(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// SEED and COUNT serve long comparisons that are not committed.
func grow(add func(doc, path string)) {
	g := grower{rand.New(rand.NewSource(int64(size("SEED", 1))))}
	for i, n := 0, size("COUNT", 700); i < n; i++ {
		doc := g.document(4)
		for doc[0] != '{' && doc[0] != '[' {
			doc = g.document(4)
		}
		path := g.path(i%3 == 0)
		switch i % 10 {
		case 8:
			path = strings.ToValidUTF8(g.bend(path), "")
		case 9:
			doc = g.bend(doc)
		}
		add(doc, path)
	}
}
