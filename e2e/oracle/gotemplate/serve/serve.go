// Package serve answers cases: one as JSON on each line of the input, one answer on each line of the output. The README
// of oracle/gotemplate says more.
package serve

import (
	"bytes"
	"encoding/json"
	"oracle/lines"
	"text/template"
)

// A kase has its bytes in base64, as encoding/json has them.
type kase struct {
	Name     string          `json:"name"`
	Template []byte          `json:"template"`
	Left     string          `json:"left,omitempty"`
	Right    string          `json:"right,omitempty"`
	Missing  string          `json:"missing,omitempty"`
	Data     json.RawMessage `json:"data"`
}

type answer struct {
	Output []byte `json:"output,omitempty"`
	Error  []byte `json:"error,omitempty"`
}

// most is where an output is cut off: an endless template must end here too.
const most = 1 << 20

type bounded struct{ bytes.Buffer }

type tooLong struct{}

func (tooLong) Error() string { return "the oracle's output is too long" }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > most {
		return 0, tooLong{}
	}
	return b.Buffer.Write(p)
}

func run(k kase, functions template.FuncMap) answer {
	data, err := decode(k.Data)
	if err != nil {
		panic(err)
	}
	t := template.New(k.Name).Delims(k.Left, k.Right).Funcs(functions)
	if k.Missing != "" {
		t.Option("missingkey=" + k.Missing)
	}
	if t, err = t.Parse(string(k.Template)); err != nil {
		return answer{Error: []byte(err.Error())}
	}
	var out bounded
	if err := t.Execute(&out, data); err != nil {
		return answer{Error: []byte(err.Error())}
	}
	return answer{Output: out.Bytes()}
}

// Serve answers until the input ends; functions are those that templates can call beside Go's own.
func Serve(functions template.FuncMap) {
	lines.Answer(func(k kase) answer { return run(k, functions) })
}
