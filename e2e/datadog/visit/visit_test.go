package visit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// try makes a backend that answers `answer` for a handle, a configuration with that one, and runs a visit there.
func try(t *testing.T, answer string, arguments ...string) (string, error) {
	t.Helper()
	folder := t.TempDir()
	put := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("answer", `{"password": `+answer+`}`, 0o600)
	file := put("password", "p4ss", 0o600)
	command := put("backend", "#!/bin/sh\ncat > /dev/null\ncat '"+folder+"/answer'\n", 0o700)
	config := put("config.yaml", "instances: [{password: 'ENC[password]'}]\n", 0o600)
	visit, err := parse(append([]string{"-command", command, "-config", config, "-expect", "instances/0/password=" + file}, arguments...))
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	err = visit.run(&said)
	return said.String(), err
}

func TestAValueThatIsTheFilesIsRightAndNotPrinted(t *testing.T) {
	said, err := try(t, `{"value": "p4ss"}`)
	if err != nil || !strings.Contains(said, "matches") || strings.Contains(said, "p4ss") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestAnotherValueIsWrongAndNotPrinted(t *testing.T) {
	said, err := try(t, `{"value": "hunter2"}`)
	if err == nil || !strings.Contains(said, ": no") || strings.Contains(said+err.Error(), "hunter2") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestAHandleThatIsNotResolvedIsWrong(t *testing.T) {
	if said, err := try(t, `{"error": "no such file"}`); err == nil || !strings.Contains(said, "Secrets not resolved") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestARotationThatDoesNotComeIsWrong(t *testing.T) {
	start := time.Now()
	said, err := try(t, `{"value": "p4ss"}`, "-rotation", "300ms")
	if err == nil || !strings.Contains(said, "WAITING") || time.Since(start) < 300*time.Millisecond {
		t.Errorf("%v: %s", err, said)
	}
}

func TestACommandThatIsNotRefusedThoughItShouldBeIsWrong(t *testing.T) {
	if _, err := try(t, `{"value": "p4ss"}`, "-refused"); err == nil || !strings.Contains(err.Error(), "accepts") {
		t.Errorf("%v", err)
	}
}

func TestAVisitThatWouldCheckNothingIsNotStarted(t *testing.T) {
	for _, arguments := range [][]string{
		{"-command", "/c", "-config", "/f"},
		{"-config", "/f", "-expect", "a=/b"},
		{"-command", "/c", "-expect", "a=/b"},
		{"-command", "/c", "-config", "/f", "-expect", "a"},
		{"-command", "/c", "-config", "/f", "-expect", "a=/b", "more"},
	} {
		if _, err := parse(arguments); err == nil {
			t.Errorf("accepted: %v", arguments)
		}
	}
}
