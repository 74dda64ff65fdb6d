#!/usr/bin/env python3
"""Ground for a Kubernetes node on this machine that leaves nothing behind.

  node.py check                 says what is missing; installs it with Debian's packages where it may
  node.py run PROGRAM [ARG...]  runs a program in namespaces of its own, where it may start a node

The program gets a network, process ids and mounts of its own: what it does to bridges, iptables, addresses and mounts is
seen by nobody else, and the kernel ends all of it, containers too, when the program ends or is killed. What a node
writes outside of its folder (/var/lib, /etc, ...) lands in an overlay. The folder and the containers' cgroups are removed last.
"""

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

# Program -> Debian's package.
PROGRAMS = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "buildah": "buildah",
    "ip": "iproute2",
    "iptables": "iptables",
    "unshare": "util-linux",
    "mount": "mount",
}
PLUGINS = {name: "containernetworking-plugins" for name in ("bridge", "host-local", "loopback")}
PLUGIN_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")
# Where the programs of a node write whatever they are told.
OVERLAID = ("/etc", "/opt", "/run", "/usr/libexec", "/var/lib", "/var/log")
# Debian's sbin is not in everybody's PATH.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

# Its shell is process 1 of the namespace: it takes in orphans, and everything in there ends with it.
INNER = r"""
set -e
folder=$1; shift
for place in %s; do
  [ -d "$place" ] || continue
  upper=$folder/overlay$place; work=$folder/overlay-work$place
  mkdir -p "$upper" "$work"
  mount -t overlay -o "lowerdir=$place,upperdir=$upper,workdir=$work" overlay "$place"
done
ip link set lo up
set +e
"$@"
exit $?
""" % " ".join(OVERLAID)

# It reads from a pipe that only this program holds open, so it works whenever and however this program ends.
CLEAN = r"""
while read -r ended; do over=$ended; done
# A process that was waited for is another one's by now.
[ -n "$over" ] || kill -s KILL "$1" 2>/dev/null
sleep 0.2
for try in 1 2 3 4 5; do
  find /sys/fs/cgroup -depth -type d -path "*/$2*" -exec rmdir {} + 2>/dev/null
  [ -z "$3" ] || rm -rf -- "$3" 2>/dev/null
  if [ -z "$3" ] || [ ! -e "$3" ]; then break; fi
  sleep 0.5
done
"""


class Failure(Exception):
    """Why there can be no node here, and what to do about it."""


def say(text):
    print(f"node: {text}", flush=True)


# ---- what the machine must have ----


def lacking(which=lambda name: shutil.which(name, path=PATH), is_file=os.path.isfile):
    """{what is missing: its package}"""
    programs = {name: package for name, package in PROGRAMS.items() if not which(name)}
    plugins = {f"CNI plugin {name}": package for name, package in PLUGINS.items()
               if not any(is_file(f"{folder}/{name}") for folder in PLUGIN_FOLDERS)}
    return {**programs, **plugins}


def refuse_this_system():
    if not sys.platform.startswith("linux"):
        raise Failure("a node needs Linux; run this on a Linux machine or in a virtual one")
    if os.geteuid() != 0:
        raise Failure("a node needs root (mounts, network namespaces, cgroups); run `sudo make e2e-node`")
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="utf-8"):
        raise Failure("this kernel has no overlayfs; try `modprobe overlay`")


def prepare():
    refuse_this_system()
    missing = lacking()
    if missing:
        install(missing)
    still = lacking()
    if still:
        raise Failure(f"still missing: {', '.join(still)}")


def install(missing):
    packages = sorted(set(missing.values()))
    what = f"missing: {', '.join(missing)}"
    if not shutil.which("apt-get"):
        raise Failure(f"{what}; this is not Debian, so install them yourself (Debian calls them {' '.join(packages)})")
    say(f"{what}; installing Debian's {' '.join(packages)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    # Debian would start containerd as a service of the host; a node of ours starts its own.
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    with services_stay_down():
        for step in (["apt-get", "update", "-q"], command):
            if subprocess.run(step, env=environment, stdin=subprocess.DEVNULL, check=False).returncode:
                raise Failure(f"`{' '.join(step)}` failed; install {' '.join(packages)} yourself")


class services_stay_down:
    """Debian's own way to forbid packages to start services while they are installed."""

    policy = Path("/usr/sbin/policy-rc.d")

    def __enter__(self):
        self.ours = not self.policy.exists()
        if self.ours:
            self.policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
            self.policy.chmod(0o755)

    def __exit__(self, *_):
        if self.ours:
            self.policy.unlink()


# ---- running ----


def run(program):
    prepare()
    name = f"keyferry-node-{secrets.token_hex(4)}"
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    keep = os.environ.get("KEYFERRY_E2E_KEEP") == "true"
    environment = dict(os.environ, TMPDIR=str(folder), KEYFERRY_NODE=name, PATH=PATH)
    make_cgroups(name)
    inner = ["/bin/sh", "-c", INNER, "node", str(folder), *program]
    outer = ["unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    child = subprocess.Popen(outer + inner, env=environment)
    cleaner = clean_after(child.pid, name, "" if keep else str(folder))
    signal.signal(signal.SIGTERM, lambda *_: child.kill())
    try:
        code = child.wait()
    except KeyboardInterrupt:
        child.kill()
        code = 130
    cleaner.communicate(b"ended\n")
    if keep:
        say(f"logs and data stay in {folder}")
    return code if code >= 0 else 128 - code


def make_cgroups(name, root=Path("/sys/fs/cgroup")):
    """The containers' own, in each hierarchy; the kubelet wants to find it."""
    unified = (root / "cgroup.controllers").exists()
    for hierarchy in [root] if unified else [folder for folder in root.iterdir() if folder.is_mount()]:
        (hierarchy / name).mkdir()


def clean_after(pid, cgroup, folder):
    return subprocess.Popen(["/bin/sh", "-c", CLEAN, "clean", str(pid), cgroup, folder], stdin=subprocess.PIPE,
                            start_new_session=True)


# ---- figures ----


def show(path):
    """Prints the figures that the tests have written, as a table."""
    figures = json.loads(path.read_text(encoding="utf-8"))
    for title, rows in figures.items():
        print(f"\n{title}")
        width = max(len(name) for name in rows)
        for name, value in rows.items():
            print(f"  {name:{width}}  {value}")


def parse(argv):
    parser = argparse.ArgumentParser(prog="node.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="check | run | show")
    commands.required = True
    commands.add_parser("check", help="say and install what is missing")
    program = commands.add_parser("run", help="run a program on the ground for a node")
    program.add_argument("program", nargs=argparse.REMAINDER, metavar="PROGRAM")
    figures = commands.add_parser("show", help="print a file of figures as a table")
    figures.add_argument("file", type=Path)
    return parser.parse_args(argv)


def main(argv):
    args = parse(argv)
    if args.command == "run":
        return run(args.program)
    if args.command == "show":
        return show(args.file)
    return prepare()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        sys.exit(f"node.py: {failure}")
