// Answers what Go's text/template makes of the cases that crates/gotemplate is tested with. With the argument "tables" it
// writes the crate's tables instead. See the README beside it.
package main

import (
	"fmt"
	"oracle/gotemplate/serve"
	"os"
	"strconv"
	"time"
)

// object makes the values of the types that only these tests have.
func object(kind, text string) (any, error) {
	number, _ := strconv.ParseInt(text, 10, 64)
	switch kind {
	case "duration":
		return time.Duration(number), nil
	case "pair":
		return Pair{Left: int(number), Right: text}, nil
	}
	return nil, fmt.Errorf("no kind %q", kind)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "tables" {
		tables()
		return
	}
	serve.Object = object
	serve.Serve(functions)
}
