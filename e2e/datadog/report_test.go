package datadog

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"

	"keyferry.dev/e2e/datadog/agent"
)

func report(client *agent.Agent) string {
	var text strings.Builder
	client.Report(&text)
	return text.String()
}

func TestTheReportShowsRightsAndEveryHandleWithItsPlaces(t *testing.T) {
	s := newScene(t, files{"user": "the user's value", "password": "the password's value"})
	client := s.agent(agent.PerHandle)
	resolveAll(t, client, "user", "password")
	_, _ = client.Resolve(config("absent"), "other.yaml", "", "", true)

	text := report(client)

	contains(t, text, "Executable path: "+s.command, "OK, the executable has the correct permissions", "File mode: 100500",
		"Number of secrets resolved: 2", "- 'user':\n  - used in 'check.yaml' configuration in entry 's0'",
		"Secrets not resolved:\n  - 'absent'")
	lacks(t, text, "value")
}

func TestTheReportIsRightInBothModesOfTheRightsCheck(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	for _, trial := range []struct {
		mode            os.FileMode
		strict, relaxed bool
	}{{0o500, true, true}, {0o550, false, true}, {0o555, false, false}, {0o570, false, false}} {
		s.chmod(trial.mode)
		for groupExec, accepted := range map[bool]bool{false: trial.strict, true: trial.relaxed} {
			client := agent.New(agent.PerHandle)
			client.Configure(secrets.ConfigParams{Command: s.command, GroupExecPerm: groupExec})
			_, err := client.Resolve(config("user"), "check.yaml", "", "", true)
			if (err == nil) != accepted {
				t.Errorf("mode %o, group exec %v: %v", trial.mode, groupExec, err)
			}
			if strings.Contains(report(client), "OK, the executable") != accepted {
				t.Errorf("mode %o, group exec %v: the report says\n%s", trial.mode, groupExec, report(client))
			}
		}
	}
}

func TestAnOwnerWithoutANameIsReportedByNumber(t *testing.T) {
	needsRoot(t)
	s := newScene(t, files{"user": "u1"})
	s.must(os.Chown(s.command, 1000820000, 1000820000))
	client := s.agent(agent.PerHandle)
	resolveAll(t, client, "user")
	contains(t, report(client), "UID 1000820000", "GID 1000820000", "OK, the executable")
}

func TestTheQuestionForTheVersionIsAnsweredInOneLineWithinASecond(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	said, err := exec.CommandContext(ctx, helper(t), "--version").Output()
	if err != nil || strings.Count(string(said), "\n") != 1 || len(said) < 5 {
		t.Errorf("%q, %v", said, err)
	}
}
