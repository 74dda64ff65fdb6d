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
	"syscall"
	"testing"

	"github.com/DataDog/datadog-agent/pkg/util/filesystem"
)

// table is what Datadog's check says of every case; the helper's own tests hold `keyferry-helper check` against the same file.
const table = "../../helper/tests/rights.json"

// askVariable turns this test's binary into the one that asks Datadog's check, as whichever user started it.
const askVariable = "KEYFERRY_ASK_RIGHTS"

var update = flag.Bool("update", false, "write "+table)

func TestMain(m *testing.M) {
	if os.Getenv(askVariable) != "" {
		ask()
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

// rights is one row: a file's mode and owner, who asks, and whether Datadog's check accepts the file in its two modes.
type rights struct {
	Mode      string   `json:"mode"`
	Owner     string   `json:"owner"`
	As        string   `json:"as"`
	Groups    []uint32 `json:"groups"`
	Strict    bool     `json:"strict"`
	GroupExec bool     `json:"group_exec"`
}

// identity is a process's user, group and further groups.
type identity struct {
	uid, gid uint32
	groups   []uint32
}

func (i identity) String() string { return fmt.Sprintf("%d:%d", i.uid, i.gid) }

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

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to act as other users")
	}
}

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

// openFolder is one that every user may enter, which t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "keyferry-rights-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
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

func parseIdentity(text string) identity {
	var i identity
	_, _ = fmt.Sscanf(text, "%d:%d", &i.uid, &i.gid)
	return i
}

func (r rights) identity() identity {
	i := parseIdentity(r.As)
	i.groups = r.Groups
	return i
}

func become(i identity) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: i.uid, Gid: i.gid, Groups: i.groups}}
}

// verdicts asks Datadog's check as somebody else, in its strict mode and in the one with group exec.
func verdicts(t *testing.T, as identity, paths []string) [][2]bool {
	t.Helper()
	asking := exec.Command(self(t))
	asking.Env = []string{askVariable + "=yes"}
	asking.SysProcAttr = become(as)
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

// self is a copy of this test's binary where every user can start it.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return copyOf(t, path, rights{Mode: "0555", Owner: "0:0"})
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
