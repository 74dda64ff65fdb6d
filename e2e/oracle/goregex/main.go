// Answers what Go's regexp makes of the cases that crates/goregex is tested with: one case as JSON on each line of its
// input, one answer on each line of its output. With the argument "tables" it writes the crate's tables instead. See the
// README beside it.
package main

import (
	"oracle/lines"
	"os"
	"regexp"
)

// A kase has its bytes in base64, as encoding/json has them.
type kase struct {
	Pattern     []byte `json:"pattern"`
	Input       []byte `json:"input"`
	Replacement []byte `json:"replacement"`
	Pieces      int    `json:"pieces"`
}

type answer struct {
	Error    []byte   `json:"error,omitempty"`
	Names    []string `json:"names,omitempty"`
	Matches  [][]int  `json:"matches,omitempty"`
	Replaced []byte   `json:"replaced,omitempty"`
	Literal  []byte   `json:"literal,omitempty"`
	Split    [][]byte `json:"split,omitempty"`
	Quoted   []byte   `json:"quoted,omitempty"`
}

func run(k kase) answer {
	quoted := []byte(regexp.QuoteMeta(string(k.Pattern)))
	re, err := regexp.Compile(string(k.Pattern))
	if err != nil {
		return answer{Error: []byte(err.Error()), Quoted: quoted}
	}
	var split [][]byte
	for _, piece := range re.Split(string(k.Input), k.Pieces) {
		split = append(split, []byte(piece))
	}
	return answer{
		Names:    re.SubexpNames(),
		Matches:  re.FindAllSubmatchIndex(k.Input, -1),
		Replaced: re.ReplaceAll(k.Input, k.Replacement),
		Literal:  re.ReplaceAllLiteral(k.Input, k.Replacement),
		Split:    split,
		Quoted:   quoted,
	}
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "tables" {
		tables(os.Args[2])
		return
	}
	lines.Answer(run)
}
