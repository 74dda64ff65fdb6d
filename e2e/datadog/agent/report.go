package agent

import (
	"fmt"
	"io"
	"maps"
	"os/user"
	"slices"
	"strconv"
	"syscall"

	"github.com/DataDog/datadog-agent/pkg/util/filesystem"
)

// Report writes what `agent secret` tells: the verdict on the executable with its mode (octal, with the kind of file), owner and
// group; each resolved handle with its places; each handle that is not resolved, and why. It holds no value.
func (a *Agent) Report(out io.Writer) {
	a.lock.Lock()
	defer a.lock.Unlock()
	fmt.Fprintln(out, "=== Checking executable permissions ===")
	fmt.Fprintln(out, "Executable path:", a.params.Command)
	fmt.Fprintln(out, "Executable permissions:", a.permissions())
	fmt.Fprintln(out, details(a.params.Command))
	fmt.Fprintln(out, "=== Secrets stats ===")
	fmt.Fprintln(out, "Number of secrets resolved:", len(a.cache))
	for _, handle := range slices.Sorted(maps.Keys(a.cache)) {
		fmt.Fprintf(out, "- '%s':\n", handle)
		for _, at := range a.places[handle] {
			fmt.Fprintf(out, "  - used in '%s' configuration in entry '%s'\n", at.origin, at.path)
		}
	}
	a.reportFailures(out)
}

func (a *Agent) permissions() string {
	if err := filesystem.CheckRights(a.params.Command, a.params.GroupExecPerm); err != nil {
		return "error: " + err.Error()
	}
	return "OK, the executable has the correct permissions"
}

func (a *Agent) reportFailures(out io.Writer) {
	if len(a.failures) == 0 {
		return
	}
	fmt.Fprintln(out, "Secrets not resolved:")
	for _, handle := range slices.Sorted(maps.Keys(a.failures)) {
		fmt.Fprintf(out, "  - '%s': %s\n", handle, a.failures[handle])
	}
}

func details(path string) string {
	var stat syscall.Stat_t
	if err := syscall.Stat(path, &stat); err != nil {
		return fmt.Sprintf("could not stat %s: %s", path, err)
	}
	return fmt.Sprintf("File mode: %o\nOwner: %s\nGroup: %s", stat.Mode, ownerName(stat.Uid), groupName(stat.Gid))
}

// ownerName copes with an owner without a name, which is what an arbitrary UID is.
func ownerName(uid uint32) string {
	owner, err := user.LookupId(strconv.Itoa(int(uid)))
	if err != nil {
		return fmt.Sprintf("could not fetch name for UID %d: %s", uid, err)
	}
	return owner.Username
}

func groupName(gid uint32) string {
	group, err := user.LookupGroupId(strconv.Itoa(int(gid)))
	if err != nil {
		return fmt.Sprintf("could not fetch name for GID %d: %s", gid, err)
	}
	return group.Name
}
