// Package lines is how every oracle is asked: one question as JSON on each line of its input, one answer on each line of
// its output, in order.
package lines

import (
	"bufio"
	"encoding/json"
	"os"
)

// A source writes out what was answered before it waits for more questions: who waits for answers sends none.
type source struct{ answers *bufio.Writer }

func (s source) Read(p []byte) (int, error) {
	if err := s.answers.Flush(); err != nil {
		return 0, err
	}
	return os.Stdin.Read(p)
}

// Answer answers until the input ends. A line that is no question, or an output that is closed, is a panic.
func Answer[Question, Given any](answer func(Question) Given) {
	out := bufio.NewWriter(os.Stdout)
	decoder, encoder := json.NewDecoder(bufio.NewReaderSize(source{out}, 1<<20)), json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var question Question
		must(decoder.Decode(&question))
		must(encoder.Encode(answer(question)))
	}
	must(out.Flush())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
