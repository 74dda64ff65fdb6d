package datadog

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/DataDog/datadog-agent/pkg/util/filesystem"
)

// table is what Datadog's check says of every case; the helper's own tests hold `keyferry-helper check` against the same file.
const table = "../../helper/tests/rights.json"

var update = flag.Bool("update", false, "write "+table)

// rights is one row: a file's mode and owner, who asks, and whether Datadog's check accepts the file in its two modes.
type rights struct {
	Mode      string   `json:"mode"`
	Owner     string   `json:"owner"`
	As        string   `json:"as"`
	Groups    []uint32 `json:"groups"`
	Strict    bool     `json:"strict"`
	GroupExec bool     `json:"group_exec"`
}

const (
	openshift = 1000820000
	fsGroup   = 2000
)

var (
	modes = []os.FileMode{0o000, 0o400, 0o500, 0o100, 0o510, 0o540, 0o550, 0o551, 0o554, 0o555, 0o700, 0o750, 0o755, 0o770, 0o701,
		0o777, 0o050, 0o520}
	owners = [][2]int{{0, 0}, {openshift, 0}, {openshift, fsGroup}, {0, fsGroup}}
	askers = []identity{
		{0, 0, nil},
		{openshift, 0, nil},
		{openshift, 0, []uint32{fsGroup}},
		{65532, 65532, []uint32{fsGroup}},
		{65532, 65532, nil},
	}
)

func TestDatadogsOwnCheckGivesTheVerdictsThatTheHelperIsHeldAgainst(t *testing.T) {
	needsRoot(t)
	rows := everyRow(t)
	if *update {
		write(t, rows)
	}
	if known := read(t); !slices.EqualFunc(known, rows, same) {
		t.Errorf("%s is not what Datadog's check says; `go test -run Verdicts . -update` writes it", table)
	}
}

func TestAFileThatTheCheckAcceptsDoesRun(t *testing.T) {
	needsRoot(t)
	for _, row := range read(t) {
		// The check asks for the right to execute; a script would need to be read too, a binary need not.
		if !row.Strict && !row.GroupExec {
			continue
		}
		file := copyOf(t, helper(t), row)
		version := exec.Command(file, "--version")
		version.SysProcAttr = become(row.identity())
		if said, err := version.CombinedOutput(); err != nil {
			t.Errorf("%+v: accepted, but: %v %s", row, err, said)
		}
		_ = os.Remove(file)
	}
}

func TestTheInstalledFilePassesInTheModeThatItsModeIsMeantFor(t *testing.T) {
	needsRoot(t)
	for _, trial := range []struct {
		mode  string
		owner [2]int
		as    identity
		want  [2]bool
	}{
		{"0500", [2]int{openshift, 0}, identity{openshift, 0, nil}, [2]bool{true, true}},
		{"0550", [2]int{0, 0}, identity{openshift, 0, nil}, [2]bool{false, true}},
		{"0550", [2]int{0, fsGroup}, identity{65532, 65532, []uint32{fsGroup}}, [2]bool{false, true}},
		{"0500", [2]int{0, 0}, identity{openshift, 0, nil}, [2]bool{false, false}},
	} {
		folder := openFolder(t)
		file := install(t, folder, "/run/keyferry", "--mode", trial.mode)
		if err := os.Chown(file, trial.owner[0], trial.owner[1]); err != nil {
			t.Fatal(err)
		}
		if got := verdicts(t, trial.as, []string{file})[0]; got != trial.want {
			t.Errorf("%s of %v for %s: strict and group exec are %v", trial.mode, trial.owner, trial.as, got)
		}
	}
}

// everyRow asks about empty files: the check looks at no content.
func everyRow(t *testing.T) []rights {
	t.Helper()
	var rows []rights
	for _, asker := range askers {
		var of []rights
		var paths []string
		for _, owner := range owners {
			for _, mode := range modes {
				row := rights{
					Mode:  fmt.Sprintf("%04o", mode),
					Owner: fmt.Sprintf("%d:%d", owner[0], owner[1]), As: asker.String(), Groups: append([]uint32{}, asker.groups...),
				}
				of, paths = append(of, row), append(paths, fileOf(t, nil, row))
			}
		}
		for index, verdict := range verdicts(t, asker, paths) {
			of[index].Strict, of[index].GroupExec = verdict[0], verdict[1]
		}
		rows = append(rows, of...)
	}
	return rows
}

func copyOf(t *testing.T, binary string, row rights) string {
	t.Helper()
	content, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	return fileOf(t, content, row)
}

// fileOf is a new file of the row's mode and owner, which everybody can reach.
func fileOf(t *testing.T, content []byte, row rights) string {
	t.Helper()
	file := filepath.Join(openFolder(t), "keyferry-helper")
	owner := parseIdentity(row.Owner)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	mode, err := strconv.ParseUint(row.Mode, 8, 32)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, int(owner.uid), int(owner.gid)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, os.FileMode(mode)); err != nil {
		t.Fatal(err)
	}
	return file
}

func (r rights) identity() identity {
	i := parseIdentity(r.As)
	i.groups = r.Groups
	return i
}

// verdicts asks Datadog's check as somebody else, in its strict mode and in the one with group exec.
func verdicts(t *testing.T, as identity, paths []string) [][2]bool {
	t.Helper()
	asking := another(t, as, askRights)
	asking.Stdin = strings.NewReader(strings.Join(paths, "\n"))
	answer, err := asking.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got [][2]bool
	if err := json.Unmarshal(answer, &got); err != nil || len(got) != len(paths) {
		t.Fatalf("%d answers for %d files: %v", len(got), len(paths), err)
	}
	return got
}

func ask() {
	var answers [][2]bool
	var input bytes.Buffer
	_, _ = input.ReadFrom(os.Stdin)
	for path := range strings.SplitSeq(input.String(), "\n") {
		answers = append(answers, [2]bool{filesystem.CheckRights(path, false) == nil, filesystem.CheckRights(path, true) == nil})
	}
	_ = json.NewEncoder(os.Stdout).Encode(answers)
}

func same(a, b rights) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func read(t *testing.T) []rights {
	t.Helper()
	content, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	var rows []rights
	if err := json.Unmarshal(content, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// write puts one row on each line.
func write(t *testing.T, rows []rights) {
	t.Helper()
	var lines []string
	for _, row := range rows {
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	if err := os.WriteFile(table, []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}
