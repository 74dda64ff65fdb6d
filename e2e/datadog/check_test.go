package datadog

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// judged is the part of `keyferry-helper check --json` that tells how Datadog will judge the helper's own file.
type judged struct {
	Executable struct {
		Default            string `json:"default"`
		AllowGroupExecPerm string `json:"allowGroupExecPerm"`
	} `json:"executable"`
}

func TestTheHelpersCheckForetellsDatadogsVerdictForAnotherUser(t *testing.T) {
	needsRoot(t)
	tried := 0
	for _, row := range read(t) {
		file := copyOf(t, helper(t), row)
		// Root asks on behalf of the other, and can do so only where it may run the file itself.
		if anybodyRuns(row) {
			tried++
			row.expect(t, exec.Command(file, "check", "--json", "--as", row.identity().option()))
		}
		_ = os.Remove(file)
	}
	if tried < 300 {
		t.Errorf("only %d rows were tried", tried)
	}
}

func TestTheHelpersCheckForetellsDatadogsVerdictForWhoRunsIt(t *testing.T) {
	needsRoot(t)
	tried := 0
	for _, row := range read(t) {
		file := copyOf(t, helper(t), row)
		check := exec.Command(file, "check", "--json")
		check.SysProcAttr = become(row.identity())
		if row.mayRun(t, file) {
			tried++
			row.expect(t, check)
		}
		_ = os.Remove(file)
	}
	if tried < 100 {
		t.Errorf("only %d rows were tried", tried)
	}
}

// expect runs the check and holds its two verdicts against the row's.
func (r rights) expect(t *testing.T, check *exec.Cmd) {
	t.Helper()
	check.Env = []string{}
	// Its exit code is about everything it looks at; here only the verdicts count.
	output, _ := check.Output()
	var got judged
	if err := json.Unmarshal(output, &got); err != nil {
		t.Errorf("%+v: %v", r, err)
		return
	}
	verdicts := [2]bool{got.Executable.Default == "accepted", got.Executable.AllowGroupExecPerm == "accepted"}
	if verdicts != [2]bool{r.Strict, r.GroupExec} {
		t.Errorf("%+v: the helper says %+v", r, got.Executable)
	}
}

// option is the identity as --as takes it.
func (i identity) option() string {
	text := i.String()
	for _, group := range i.groups {
		text += fmt.Sprintf(",%d", group)
	}
	return text
}

func anybodyRuns(row rights) bool {
	return strings.ContainsAny(row.Mode[1:], "1357")
}

// mayRun says whether the row's user can start the file, whatever Datadog thinks of it.
func (r rights) mayRun(t *testing.T, file string) bool {
	t.Helper()
	version := exec.Command(file, "--version")
	version.SysProcAttr = become(r.identity())
	err := version.Run()
	if err != nil && !strings.Contains(err.Error(), syscall.EACCES.Error()) {
		t.Errorf("%+v: %v", r, err)
	}
	return err == nil
}
