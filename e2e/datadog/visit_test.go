package datadog

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// agentUser is what OpenShift makes of a container: an arbitrary user of group 0, and the pod's group.
var agentUser = identity{openshift, 0, []uint32{fsGroup}}

func TestAnAgentWithoutPrivilegesResolvesRefreshesAndReportsThroughAHelperOfItsOwn(t *testing.T) {
	said := stayWhileRotating(t, "0500", agentUser)
	contains(t, said, "File mode: 100500", "could not fetch name for UID 1000820000")
}

func TestAnAgentOfAnotherUserDoesSoThroughAHelperOfItsGroup(t *testing.T) {
	said := stayWhileRotating(t, "0550", identity{65532, 65532, []uint32{fsGroup}}, "-group-exec")
	contains(t, said, "File mode: 100550", "could not fetch name for UID 65532")
}

func TestAnAgentOfAnotherUserIsStoppedByTheRightsCheckWithoutTheOption(t *testing.T) {
	needsRoot(t)
	s := pod(t, fsGroup, files{"user": "u1"})
	s.installAs(identity{65532, 65532, []uint32{fsGroup}}, "0550")
	if said, err := s.stay("-refused").CombinedOutput(); err != nil || !strings.HasSuffix(string(said), "RIGHT\n") {
		t.Errorf("%v: %s", err, said)
	}
}

// stayWhileRotating has an Agent stay in a pod whose helper somebody installed, while its Secret changes, and answers what it said.
func stayWhileRotating(t *testing.T, mode string, installer identity, option ...string) string {
	t.Helper()
	needsRoot(t)
	s := pod(t, fsGroup, files{"user": "value-u1", "apps/db/password": "value-p1"})
	s.installAs(installer, mode)
	expected := []string{"-expect", "user=" + s.root + "/user", "-expect", "password=" + s.root + "/apps/db/password"}
	agent := s.stay(append(append(expected, option...), "-rotation", "20s")...)
	said := s.rotateWhen(agent, "WAITING", files{"user": "value-u2", "apps/db/password": "value-p2"})
	contains(t, said, "'user' has a new value", "'apps/db;password' has a new value", "Number of secrets resolved: 2", "RIGHT")
	lacks(t, said, "value-")
	return said
}

// installAs runs the helper's installation as the user of an init container.
func (s *scene) installAs(user identity, mode string) {
	s.t.Helper()
	installer := copyOf(s.t, helper(s.t), rights{Mode: "0555", Owner: "0:0"})
	install := exec.Command(installer, "install", "--to", filepath.Dir(s.command), "--root", s.root, "--mode", mode)
	install.SysProcAttr = become(user)
	if said, err := install.CombinedOutput(); err != nil {
		s.t.Fatalf("install: %v: %s", err, said)
	}
}

// stay is an Agent of agentUser with a configuration of two handles.
func (s *scene) stay(arguments ...string) *exec.Cmd {
	s.t.Helper()
	config := filepath.Join(openFolder(s.t), "check.yaml")
	s.must(os.WriteFile(config, []byte("{user: 'ENC[user]', password: 'ENC[apps/db;password]'}\n"), 0o644))
	return another(s.t, agentUser, makeVisit, append([]string{"-command", s.command, "-config", config}, arguments...)...)
}

// rotateWhen starts the Agent, changes the tree when it says the word, and answers all that it said.
func (s *scene) rotateWhen(agent *exec.Cmd, word string, tree files) string {
	s.t.Helper()
	output, err := agent.StdoutPipe()
	s.must(err)
	s.must(agent.Start())
	var said strings.Builder
	for lines := bufio.NewScanner(output); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if strings.HasPrefix(lines.Text(), word) {
			s.mountFor(fsGroup, tree)
		}
	}
	if err := agent.Wait(); err != nil {
		s.t.Errorf("%v: %s", err, said.String())
	}
	return said.String()
}
