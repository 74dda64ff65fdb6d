package datadog

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// answer runs the helper with an input as it is, and answers its two outputs and its error.
func (s *scene) answer(input string) (string, string, error) {
	s.t.Helper()
	direct := exec.CommandContext(s.t.Context(), s.command)
	direct.Stdin = strings.NewReader(input)
	var output, complaints strings.Builder
	direct.Stdout, direct.Stderr = &output, &complaints
	err := direct.Run()
	return output.String(), complaints.String(), err
}

func TestWhatEachClientAndVersionSendsIsAnsweredAlike(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	for client, input := range map[string]string{
		"operator, data plane, Agents before 1.1": `{"version":"1.0","secrets":["user"]}`,
		"order of a Go map":                       `{"secrets":["user"],"version":"1.0"}`,
		"Agent with a timeout":                    `{"version":"1.1","secrets":["user"],"secret_backend_timeout":30}`,
		"Agent with a type, several backends":     `{"version":"1.1","secrets":["user"],"type":"file.json","config":{"file_path":"/x","n":1e9}}`,
		"data plane, one handle in two settings":  `{"version":"1.0","secrets":["user","user"]}`,
		"a later Agent":                           `{"version":"1.7","secrets":["user"],"what_comes":[{"next":null}]}` + "\n",
	} {
		output, complaints, err := s.answer(input)
		var table map[string]map[string]*string
		if json.Unmarshal([]byte(output), &table) != nil || err != nil || complaints != "" || len(table) != 1 {
			t.Errorf("%s: %v, %s %s", client, err, output, complaints)
			continue
		}
		if entry := table["user"]; entry["value"] == nil || *entry["value"] != "u1" || entry["error"] != nil {
			t.Errorf("%s: %s", client, output)
		}
	}
}

// The Agent looks for these words in what a failed backend said, and tells its user of a version problem.
var versionHints = []string{"invalid version", "expected 1.0"}

func TestABrokenRequestFailsTheRunAndSaysWhyWithoutAFalseHintOfTheVersion(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	for _, input := range []string{"", "no JSON", `{"version":"1.1"}`, `{"secrets":["user"]}`, `{"version":"1.1","secrets":"user"}`, `[]`} {
		output, complaints, err := s.answer(input)
		if err == nil || output != "" || complaints == "" || len(complaints) > 1000 {
			t.Errorf("%q: %v, %q, %q", input, err, output, complaints)
		}
		lacks(t, complaints, versionHints...)
	}
}

func TestAnotherMajorVersionFailsTheRunAndNamesTheVersion(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	output, complaints, err := s.answer(`{"version":"2.0","secrets":["user"]}`)
	if err == nil || output != "" {
		t.Errorf("%v, %q", err, output)
	}
	contains(t, complaints, "version", "2.0")
}

func TestAClientThatGoesAwayBeforeTheAnswerLeavesNoProcessBehind(t *testing.T) {
	tree, handles := many(10, 60<<10)
	s := newScene(t, tree)
	list, err := json.Marshal(handles)
	s.must(err)
	gone := exec.CommandContext(t.Context(), s.command)
	gone.Stdin = strings.NewReader(`{"version":"1.1","secrets":` + string(list) + `}`)
	output, err := gone.StdoutPipe()
	s.must(err)
	s.must(gone.Start())
	s.must(output.Close())
	ended := make(chan error, 1)
	go func() { ended <- gone.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("an answer that nobody took was called a success")
		}
	case <-time.After(5 * time.Second):
		t.Error("it still runs")
	}
}
