#!/usr/bin/env python3
"""Runs the fuzz targets, one after the other, and tells what became of each.

  fuzz.py SECONDS [TARGET...]     seconds for each target; no TARGET: all of fuzz/targets

The committed corpus is where a target starts, and what it finds is kept in TARGET_DIR/fuzz for the next run. The end is
written as Cargo's tests do, so that run_tests.py can count it. It exits with 1 when an input was found that crashes a
target, or hangs it: that lies in fuzz/artifacts then. With CI set it starts from a fixed seed.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FUZZ = HERE.parent.parent / "fuzz"
PROGRESS_SECONDS = 5
STATUS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+)")
DONE = re.compile(r"^Done (\d+) runs in (\d+) second")


def say(text):
    print(text, flush=True)


def names():
    return sorted(path.stem for path in (FUZZ / "targets").glob("*.rs"))


def host_triple():
    text = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return re.search(r"^host: (.*)$", text, re.MULTILINE)[1]


def build():
    """RUSTC_BOOTSTRAP stands in for the nightly compiler that cargo-fuzz asks for, and without a sanitizer nothing else is
    needed: the code has no `unsafe`."""
    program = subprocess.run([sys.executable, HERE / "tools.py", "path", "cargo-fuzz"], check=True,
                             capture_output=True, text=True).stdout.strip()
    env = dict(os.environ, RUSTC_BOOTSTRAP="1")
    # A folder of its own, whatever the main build uses: the flags are others.
    env.pop("CARGO_TARGET_DIR", None)
    subprocess.run([program, "build", "--sanitizer", "none"], check=True, cwd=FUZZ, env=env)
    return FUZZ / "target" / host_triple() / "release"


class Progress:
    """Reduces libFuzzer's output to a line every few seconds, and keeps its end for a crash."""

    def __init__(self, name):
        self.name = name
        self.start = self.told = time.monotonic()
        self.runs = self.covered = 0
        self.tail = []

    def line(self, text):
        self.tail = (self.tail + [text])[-40:]
        status, done = STATUS.match(text), DONE.match(text)
        if status:
            self.runs, self.covered = int(status[1]), int(status[2])
        elif done:
            self.runs = int(done[1])
        if time.monotonic() - self.told > PROGRESS_SECONDS:
            self.told = time.monotonic()
            say(f"  {self.name}: {self.summary()}")

    def seconds(self):
        return time.monotonic() - self.start

    def summary(self):
        rate = self.runs / max(self.seconds(), 1)
        return f"{self.seconds():.0f} s, {self.runs} runs, {rate:.0f} a second, {self.covered} edges"


def artifacts(name):
    folder = FUZZ / "artifacts" / name
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def command(program, name, seconds, found):
    # A unit that is slow because the machine is busy is no finding; the targets count processor time themselves.
    # In CI the same way each time: a build should not turn red by chance. Chance is for the long runs.
    seed = ["-seed=1"] if os.environ.get("CI") else []
    return [program, *seed, found, FUZZ / "corpus" / name, f"-max_total_time={seconds}", "-max_len=8192", "-timeout=120",
            "-report_slow_units=120", "-rss_limit_mb=1024", f"-artifact_prefix={FUZZ / 'artifacts' / name}/"]


def run(program, name, seconds, target_dir):
    """Fuzzes one target; true if nothing was found."""
    found = target_dir / "fuzz" / name
    for folder in (found, FUZZ / "artifacts" / name):
        folder.mkdir(parents=True, exist_ok=True)
    before, progress = artifacts(name), Progress(name)
    words = [str(word) for word in command(program, name, seconds, found)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            for raw in process.stdout:
                progress.line(raw.decode("utf-8", "replace").rstrip())
        finally:
            if process.poll() is None and sys.exc_info()[0]:
                process.terminate()
    code = process.returncode
    new = sorted(artifacts(name) - before)
    fine = code == 0 and not new and progress.runs > 0
    if not fine:
        say("\n".join(progress.tail))
        say("\n".join(f"found: fuzz/artifacts/{name}/{file}" for file in new))
    say(f"test fuzz {name} ... {'ok' if fine else 'FAILED'} ({progress.summary()})")
    return fine


def main(arguments):
    seconds, chosen = int(arguments[0]), arguments[1:] or names()
    target_dir = Path(os.environ.get("CARGO_TARGET_DIR") or FUZZ.parent / "target").absolute()
    programs = build()
    start = time.monotonic()
    fine = [run(programs / name, name, seconds, target_dir) for name in chosen]
    passed, failed = fine.count(True), fine.count(False)
    say(f"\ntest result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed; 0 ignored; "
        f"finished in {time.monotonic() - start:.0f}s")
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
