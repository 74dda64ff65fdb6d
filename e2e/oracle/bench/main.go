// Measures what text/template with External Secrets Operator's functions, gjson and regexp take for the cases that
// e2e/dialects wrote into a file. See the README beside it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"syscall"
	"text/template"
	"time"

	eso "github.com/external-secrets/external-secrets/pkg/template/v2"
	"github.com/tidwall/gjson"
)

// A kase is one operation; its kind says which of the fields count.
type kase struct {
	Kind        string            `json:"kind"`
	Template    string            `json:"template"`
	Data        map[string]string `json:"data"`
	Document    string            `json:"document"`
	Path        string            `json:"path"`
	Pattern     string            `json:"pattern"`
	Text        string            `json:"text"`
	Replacement string            `json:"replacement"`
}

type file struct {
	Documents map[string]string `json:"documents"`
	Cases     []kase            `json:"cases"`
}

// A question asks to repeat a case for some time.
type question struct {
	Case         int `json:"case"`
	Milliseconds int `json:"milliseconds"`
}

type answer struct {
	Nanoseconds float64 `json:"nanoseconds"`
	Output      []byte  `json:"output"`
}

type operation func() []byte

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func parse(k kase, functions template.FuncMap) *template.Template {
	return must(template.New("t").Funcs(functions).Option("missingkey=error").Parse(k.Template))
}

func execute(t *template.Template, data map[string]string) []byte {
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func operationOf(k kase, documents map[string]string) operation {
	switch k.Kind {
	case "parse+execute":
		return func() []byte { return execute(parse(k, eso.FuncMap()), k.Data) }
	case "execute":
		t := parse(k, eso.FuncMap())
		return func() []byte { return execute(t, k.Data) }
	case "gjson":
		document := documents[k.Document]
		return func() []byte { return []byte(gjson.Get(document, k.Path).String()) }
	case "compile+replace":
		return func() []byte {
			return []byte(regexp.MustCompile(k.Pattern).ReplaceAllString(k.Text, k.Replacement))
		}
	case "replace":
		re := regexp.MustCompile(k.Pattern)
		return func() []byte { return []byte(re.ReplaceAllString(k.Text, k.Replacement)) }
	}
	panic("no kind " + k.Kind)
}

// onProcessor is how long this process has been on a processor, its garbage collector too.
func onProcessor() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure repeats the operation until the time is over, and says how long one took.
func measure(run operation, least time.Duration) answer {
	output := run()
	for count := 1; ; count *= 2 {
		start := onProcessor()
		for range count {
			run()
		}
		if taken := onProcessor() - start; taken >= least {
			return answer{float64(taken.Nanoseconds()) / float64(count), output}
		}
	}
}

func main() {
	var all file
	if err := json.Unmarshal(must(os.ReadFile(os.Args[1])), &all); err != nil {
		panic(err)
	}
	decoder, encoder := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for decoder.More() {
		var q question
		if err := decoder.Decode(&q); err != nil {
			panic(err)
		}
		run := operationOf(all.Cases[q.Case], all.Documents)
		if err := encoder.Encode(measure(run, time.Duration(q.Milliseconds)*time.Millisecond)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
