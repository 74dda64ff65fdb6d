package datadog

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"

	"keyferry.dev/e2e/datadog/agent"
)

func mkfifo(path string) error {
	return syscall.Mkfifo(path, 0o600)
}

// many are so many files of so many bytes, and their handles.
func many(count, size int) (files, []string) {
	tree, handles := files{}, []string{}
	for index := range count {
		name := fmt.Sprintf("key-%05d", index)
		tree[name] = name + strings.Repeat("x", size-len(name))
		handles = append(handles, name)
	}
	return tree, handles
}

func TestAnswersThatExceedTheAgentsLimitCostOnlyTheHandlesThatDoNotFit(t *testing.T) {
	tree, handles := many(24, 60<<10)
	s := newScene(t, tree)
	client := s.agent(agent.PerHandle)
	_, err := client.Resolve(config(handles...), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("1.4 MiB fitted into 1 MiB")
	}
	lacks(t, err.Error(), "too long: exceeded", "xxxx")
	failed := strings.Count(err.Error(), "an error occurred while resolving")
	if failed < 7 || failed > 9 {
		t.Errorf("%d of 24 handles failed, 16 or 17 fit: %s", failed, err)
	}
}

func TestAnAgentThatTakesLessThanTheAnswerEndsAtOnce(t *testing.T) {
	tree, handles := many(20, 10<<10)
	s := newScene(t, tree)
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: s.command, MaxSize: 4 << 10, Timeout: 5})
	_, err := client.Resolve(config(handles...), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("200 KiB fitted into 4 KiB")
	}
	lacks(t, err.Error(), "timeout", "panic", "xxxx")
	contains(t, err.Error(), "error while running")
}

func TestAThousandHandlesAreOneCall(t *testing.T) {
	tree, handles := many(1000, 40)
	s := newScene(t, tree)
	client := s.agent(agent.WholeBatch)
	if values := resolveAll(t, client, handles...); len(values) != 1000 || values["s999"] != tree["key-00999"] {
		t.Errorf("%d values", len(values))
	}
}

func TestAMissingHelperIsToldByItsPath(t *testing.T) {
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: "/opt/keyferry/not-there"})
	_, err := client.Resolve(config("any"), "check.yaml", "", "", true)
	if err == nil {
		t.Fatal("resolved without a helper")
	}
	contains(t, err.Error(), "/opt/keyferry/not-there")
}
