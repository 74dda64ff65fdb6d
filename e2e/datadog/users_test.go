package datadog

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"keyferry.dev/e2e/datadog/visit"
)

// asVariable turns this test's binary into a program that a test starts as another user.
const asVariable = "KEYFERRY_TEST_AS"

const (
	askRights = "rights"
	makeVisit = "visit"
)

func TestMain(m *testing.M) {
	switch os.Getenv(asVariable) {
	case askRights:
		ask()
	case makeVisit:
		os.Exit(visit.Main(os.Args[1:], os.Stdout))
	default:
		flag.Parse()
		os.Exit(m.Run())
	}
}

// identity is a process's user, group and further groups.
type identity struct {
	uid, gid uint32
	groups   []uint32
}

func (i identity) String() string { return fmt.Sprintf("%d:%d", i.uid, i.gid) }

func parseIdentity(text string) identity {
	var i identity
	_, _ = fmt.Sscanf(text, "%d:%d", &i.uid, &i.gid)
	return i
}

func become(i identity) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: i.uid, Gid: i.gid, Groups: i.groups}}
}

// another is this test's binary as somebody else's program.
func another(t *testing.T, as identity, what string, arguments ...string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Its own folder is closed to others.
	program := exec.Command(copyOf(t, path, rights{Mode: "0555", Owner: "0:0"}), arguments...)
	program.Env = []string{asVariable + "=" + what}
	program.SysProcAttr = become(as)
	return program
}

func needsRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to act as other users")
	}
}

// openFolder is one that every user may enter, which t.TempDir is not.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "keyferry-users-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// pod is what two containers of a pod share: a tree of Secrets and a folder for the helper, both of the pod's group.
func pod(t *testing.T, group int, tree files) *scene {
	t.Helper()
	base := openFolder(t)
	s := &scene{t: t, root: filepath.Join(base, "secrets"), command: filepath.Join(base, "keyferry", "keyferry-helper")}
	s.must(os.Mkdir(s.root, 0o755))
	s.mountFor(group, tree)
	s.must(os.Mkdir(filepath.Dir(s.command), 0o755))
	s.must(os.Chown(filepath.Dir(s.command), 0, group))
	s.must(os.Chmod(filepath.Dir(s.command), 0o777|os.ModeSetgid))
	return s
}
