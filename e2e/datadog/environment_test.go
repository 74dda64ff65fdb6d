package datadog

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	secrets "github.com/DataDog/datadog-agent/comp/core/secrets/def"

	"keyferry.dev/e2e/datadog/agent"
)

// The Agent's image sets LD_PRELOAD, and every child of the Agent has it.

func TestTheHelperAsksForNoLoader(t *testing.T) {
	binary, err := elf.Open(helper(t))
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			t.Fatal("the helper is linked dynamically: LD_PRELOAD reaches it")
		}
	}
	libraries, err := binary.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("it wants libraries: %v, %v", libraries, err)
	}
}

func TestAPreloadedLibraryThatIsMissingDoesNotMatter(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	t.Setenv("LD_PRELOAD", "/opt/lib/nosys.so")
	expectQuiet(t, s)
}

func TestAPreloadedLibraryIsNeverRun(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	t.Setenv("LD_PRELOAD", hostileLibrary(t))
	expectQuiet(t, s)
}

func TestOtherSettingsOfTheAgentsEnvironmentDoNotMatter(t *testing.T) {
	s := newScene(t, files{"user": "u1"})
	t.Setenv("LD_LIBRARY_PATH", t.TempDir())
	t.Setenv("DD_API_KEY", "an api key")
	t.Setenv("LANG", "\xff\xfe")
	t.Setenv("PATH", "")
	expectQuiet(t, s)
}

// expectQuiet has an Agent resolve, and the helper write nothing to its standard error.
func expectQuiet(t *testing.T, s *scene) {
	t.Helper()
	client := agent.New(agent.PerHandle)
	client.Configure(secrets.ConfigParams{Command: s.command})
	if values := resolveAll(t, client, "user"); values["s0"] != "u1" {
		t.Error("the value is wrong")
	}
	direct := exec.Command(s.command)
	direct.Stdin = strings.NewReader(`{"version":"1.1","secrets":["user"]}`)
	var complaints strings.Builder
	direct.Stderr = &complaints
	if err := direct.Run(); err != nil || complaints.Len() > 0 {
		t.Errorf("%v, standard error: %s", err, complaints.String())
	}
}

// hostileLibrary ends every program that loads it with 42, and is seen to do so.
func hostileLibrary(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	source, library := filepath.Join(folder, "hostile.c"), filepath.Join(folder, "hostile.so")
	code := "#include <unistd.h>\n__attribute__((constructor)) static void start(void) { _exit(42); }\n"
	if err := os.WriteFile(source, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("cc", "-shared", "-fPIC", "-o", library, source).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v: %s", err, said)
	}
	victim := exec.Command("true")
	victim.Env = []string{"LD_PRELOAD=" + library, "PATH=" + os.Getenv("PATH")}
	if _ = victim.Run(); victim.ProcessState.ExitCode() != 42 {
		t.Fatalf("the library does no harm to a dynamic program: %v", victim.ProcessState)
	}
	return library
}
