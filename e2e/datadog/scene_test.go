package datadog

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"

	"keyferry.dev/e2e/datadog/agent"
)

// helperVariable names the binary under test.
const helperVariable = "KEYFERRY_HELPER"

// helper is the path of the binary under test.
func helper(t *testing.T) string {
	t.Helper()
	path := os.Getenv(helperVariable)
	if path == "" {
		t.Fatalf("%s is not set: it names the helper's binary; `make datadog` builds and names it", helperVariable)
	}
	return path
}

// scene is a mounted tree of Secrets and a helper that is installed for it, as in a pod.
type scene struct {
	t       *testing.T
	root    string
	command string
	version int
}

// files are paths beneath the root, with their contents.
type files map[string]string

func newScene(t *testing.T, tree files) *scene {
	t.Helper()
	base := t.TempDir()
	s := &scene{t: t, root: filepath.Join(base, "secrets")}
	s.must(os.Mkdir(s.root, 0o755))
	s.mount(tree)
	s.command = install(t, filepath.Join(base, "keyferry"), s.root)
	return s
}

// install runs the helper's own installation, as the init container does.
func install(t *testing.T, folder, root string, more ...string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	arguments := append([]string{"install", "--to", folder, "--root", root}, more...)
	if said, err := exec.Command(helper(t), arguments...).CombinedOutput(); err != nil {
		t.Fatalf("install: %v: %s", err, said)
	}
	return filepath.Join(folder, "keyferry-helper")
}

// mount puts a new version of the tree in place as the kubelet does: a folder of its own, and one rename of ..data.
func (s *scene) mount(tree files) {
	s.t.Helper()
	s.mountFor(os.Getgid(), tree)
}

// mountFor is mount for a pod with an fsGroup.
func (s *scene) mountFor(group int, tree files) {
	s.t.Helper()
	s.version++
	name := fmt.Sprintf("..2026_11_26_03_00_%02d.1", s.version)
	for path, content := range tree {
		full := filepath.Join(s.root, name, path)
		s.must(os.MkdirAll(filepath.Dir(full), 0o755))
		s.must(os.WriteFile(full, []byte(content), 0o440))
		s.must(os.Chown(full, -1, group))
		s.link(path)
	}
	s.must(os.Symlink(name, filepath.Join(s.root, "..data_tmp")))
	s.must(os.Rename(filepath.Join(s.root, "..data_tmp"), filepath.Join(s.root, "..data")))
}

// link makes the entry that a reader sees: the first part of the path, through ..data.
func (s *scene) link(path string) {
	first, _, _ := strings.Cut(path, "/")
	if err := os.Symlink(filepath.Join("..data", first), filepath.Join(s.root, first)); err != nil && !os.IsExist(err) {
		s.t.Fatal(err)
	}
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) chmod(mode os.FileMode) {
	s.t.Helper()
	s.must(os.Chmod(s.command, mode))
}

// agent is an Agent that calls the installed helper.
func (s *scene) agent(era agent.Era) *agent.Agent {
	client := agent.New(era)
	client.Configure(secrets.ConfigParams{Command: s.command})
	return client
}

// config is a check's configuration with one setting for each handle, in their order: s0, s1 and so on.
func config(handles ...string) []byte {
	var text strings.Builder
	for index, handle := range handles {
		fmt.Fprintf(&text, "s%d: 'ENC[%s]'\n", index, handle)
	}
	return []byte(text.String())
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in: %s", part, text)
		}
	}
}

func lacks(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			t.Errorf("%q must not be in: %s", part, text)
		}
	}
}
