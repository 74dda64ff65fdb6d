// Package visit is an Agent's stay in a pod: it resolves a configuration, waits for a rotation if told to, and prints the Agent's
// report. It prints whether a value is the one of a file, and never a value.
package visit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"
	"github.com/DataDog/datadog-agent/pkg/util/filesystem"
	"go.yaml.in/yaml/v3"

	"keyferry.dev/e2e/datadog/agent"
)

// Main does what the arguments say and answers the exit code: 0 when all is as expected, 1 when something is not, 2 for wrong
// arguments.
func Main(arguments []string, out io.Writer) int {
	v, err := parse(arguments)
	if err != nil {
		fmt.Fprintln(out, "agentclient:", err)
		return 2
	}
	if err := v.run(out); err != nil {
		fmt.Fprintln(out, "WRONG:", err)
		return 1
	}
	fmt.Fprintln(out, "RIGHT")
	return 0
}

// pause is the time between two refreshes.
const pause = 100 * time.Millisecond

func (v visit) run(out io.Writer) error {
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: v.command, GroupExecPerm: v.groupExec})
	err := v.stay(client, out)
	client.Report(out)
	return err
}

func (v visit) stay(client *agent.Agent, out io.Writer) error {
	if v.refused {
		return v.expectRefusal(client)
	}
	if err := v.compare(client, out); err != nil || v.rotation == 0 {
		return err
	}
	// The word for whoever rotates: the first values have been seen.
	fmt.Fprintln(out, "WAITING for a rotation")
	if err := v.awaitChange(client, out); err != nil {
		return err
	}
	return v.compare(client, out)
}

// expectRefusal wants the rights check, and nothing else, to stop the Agent.
func (v visit) expectRefusal(client *agent.Agent) error {
	if filesystem.CheckRights(v.command, v.groupExec) == nil {
		return fmt.Errorf("the rights check accepts %s", v.command)
	}
	if _, err := v.resolve(client); err == nil || !strings.Contains(err.Error(), "invalid executable") {
		return fmt.Errorf("resolved, or failed otherwise: %v", err)
	}
	return nil
}

func (v visit) resolve(client *agent.Agent) ([]byte, error) {
	config, err := os.ReadFile(v.config)
	if err != nil {
		return nil, err
	}
	return client.Resolve(config, "agentclient.yaml", "", "", true)
}

// compare resolves the configuration and holds each expected value against its file.
func (v visit) compare(client *agent.Agent, out io.Writer) error {
	resolved, err := v.resolve(client)
	if err != nil {
		return err
	}
	var config any
	if err := yaml.Unmarshal(resolved, &config); err != nil {
		return err
	}
	var wrong []error
	for _, expected := range v.expected {
		wrong = append(wrong, expected.check(config, out))
	}
	return errors.Join(wrong...)
}

func (e expectation) check(config any, out io.Writer) error {
	content, err := os.ReadFile(e.file)
	if err != nil {
		return err
	}
	same := len(content) > 0 && bytes.Equal(content, []byte(at(config, strings.Split(e.path, "/"))))
	fmt.Fprintf(out, "%s: matches %s: %s\n", e.path, e.file, map[bool]string{true: "yes", false: "no"}[same])
	if !same {
		return fmt.Errorf("%s is not the content of %s", e.path, e.file)
	}
	return nil
}

// at is the string at a path of the configuration, empty where there is none.
func at(node any, path []string) string {
	for _, part := range path {
		switch inner := node.(type) {
		case map[string]any:
			node = inner[part]
		case []any:
			node = element(inner, part)
		default:
			return ""
		}
	}
	text, _ := node.(string)
	return text
}

func element(list []any, part string) any {
	index, err := strconv.Atoi(part)
	if err != nil || index < 0 || index >= len(list) {
		return nil
	}
	return list[index]
}

func (v visit) awaitChange(client *agent.Agent, out io.Writer) error {
	for start := time.Now(); time.Since(start) < v.rotation; time.Sleep(pause) {
		changed, err := client.RefreshNow()
		if err != nil {
			return fmt.Errorf("a refresh failed: %w", err)
		}
		if changed != "" {
			fmt.Fprint(out, changed)
			return nil
		}
	}
	return fmt.Errorf("no refresh brought a new value in %s", v.rotation)
}
