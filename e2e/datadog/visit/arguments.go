package visit

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// visit is one stay in a pod.
type visit struct {
	command   string
	config    string
	expected  expectations
	groupExec bool
	refused   bool
	rotation  time.Duration
}

// expectation: the value at a path of the configuration ("instances/0/password") is the content of a file.
type expectation struct {
	path, file string
}

type expectations []expectation

func (e *expectations) String() string { return fmt.Sprint(*e) }

func (e *expectations) Set(text string) error {
	path, file, found := strings.Cut(text, "=")
	if !found || path == "" || file == "" {
		return errors.New("want PATH=FILE")
	}
	*e = append(*e, expectation{path, file})
	return nil
}

func parse(arguments []string) (visit, error) {
	var v visit
	flags := flag.NewFlagSet("agentclient", flag.ContinueOnError)
	flags.StringVar(&v.command, "command", os.Getenv("DD_SECRET_BACKEND_COMMAND"), "the `helper` to call")
	flags.StringVar(&v.config, "config", "", "the configuration `file`, YAML with ENC[...]")
	flags.Var(&v.expected, "expect", "`PATH=FILE`: the value at PATH must be the content of FILE; may be given again")
	flags.BoolVar(&v.groupExec, "group-exec", groupExecOfEnvironment(), "relax the rights check as both Datadog images do")
	flags.BoolVar(&v.refused, "refused", false, "the rights check must refuse the command")
	flags.DurationVar(&v.rotation, "rotation", 0, "then wait at most this `long` for a refresh that brings a new value")
	flags.SetOutput(os.Stdout)
	if err := flags.Parse(arguments); err != nil {
		return v, err
	}
	return v, v.check(flags.NArg())
}

func groupExecOfEnvironment() bool {
	return os.Getenv("DD_SECRET_BACKEND_COMMAND_ALLOW_GROUP_EXEC_PERM") == "true"
}

func (v visit) check(rest int) error {
	switch {
	case rest > 0:
		return errors.New("an argument too many")
	case v.command == "":
		return errors.New("-command or DD_SECRET_BACKEND_COMMAND is missing")
	case v.config == "":
		return errors.New("-config is missing")
	case len(v.expected) == 0 && !v.refused:
		return errors.New("-expect is missing: nothing would be checked")
	}
	return nil
}
