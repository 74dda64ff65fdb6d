// Answers what text/template makes of templates with the functions that External Secrets Operator's templates have:
// sprig's and its own. With the argument "tables" it writes the crate's tables instead. See the README beside it.
package main

import (
	"fmt"
	"maps"
	"os"
	"strconv"
	"text/template"
	"time"

	"oracle/gotemplate/serve"

	eso "github.com/external-secrets/external-secrets/pkg/template/v2"
)

// newer are functions that the last published module of External Secrets Operator lacks, and what tests need to look into
// results; each family's file adds its own.
var newer = template.FuncMap{
	// The clock of the tests stands still.
	"now": func() time.Time { return time.Unix(1790000000, 123456789) },
}

// absent are functions of sprig's that templates of tenants may not have.
var absent = []string{"env", "expandenv", "getHostByName"}

func functions() template.FuncMap {
	all := template.FuncMap(maps.Clone(eso.FuncMap()))
	for _, name := range absent {
		delete(all, name)
	}
	maps.Copy(all, newer)
	return all
}

func object(kind, text string) (any, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return nil, err
	case kind == "duration":
		return time.Duration(number), nil
	case kind == "time":
		return time.Unix(number, 0).UTC(), nil
	}
	return nil, fmt.Errorf("no kind %q", kind)
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "tables" {
		tables()
		return
	}
	// As in an image that has no time zone of its own.
	if err := os.Setenv("TZ", ""); err != nil {
		panic(err)
	}
	serve.Object = object
	serve.Serve(functions())
}
