#!/usr/bin/env python3
"""Runs test commands one after the other and adds up what they say.

  run_tests.py COMMAND...     each COMMAND is one argument, run by the shell

Every command runs, also after one that failed. The last line has the totals: `N passed, N failed`. It exits with 1 when
a test failed, a command ended badly, or nothing was tested.
"""

import re
import signal
import subprocess
import sys
import time

CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
PYTHON = re.compile(r"^Ran (\d+) tests? in ")
PYTHON_FAILED = re.compile(r"^FAILED \((.*)\)")
# `go test -v`. A subtest's line is indented: it counts with the test that it belongs to.
GO = re.compile(r"^--- (PASS|FAIL|SKIP): ")


class Totals:
    """What the runners have said so far."""

    def __init__(self):
        self.passed = self.failed = self.ignored = 0

    def read(self, line):
        cargo, python, failed, go = (form.match(line) for form in (CARGO, PYTHON, PYTHON_FAILED, GO))
        if cargo:
            self.passed += int(cargo[1])
            self.failed += int(cargo[2])
            self.ignored += int(cargo[3])
        elif python:
            self.passed += int(python[1])
        elif failed:
            wrong = sum(int(number) for number in re.findall(r"(?:failures|errors)=(\d+)", failed[1]))
            self.passed -= wrong
            self.failed += wrong
        elif go:
            self.passed += go[1] == "PASS"
            self.failed += go[1] == "FAIL"
            self.ignored += go[1] == "SKIP"

    def line(self):
        ignored = f", {self.ignored} ignored" if self.ignored else ""
        return f"{self.passed} passed, {self.failed} failed{ignored}"


def run(command, totals):
    """Runs one command with its output passed through, and answers its exit code."""
    print(f"\n== {command}", flush=True)
    process = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            print(line, end="", flush=True)
            totals.read(line)
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def main(commands):
    totals, broken, start = Totals(), [], time.monotonic()
    for command in commands:
        code = run(command, totals)
        if code != 0:
            broken.append((command, code))
    print(f"\n{len(commands)} commands, {time.monotonic() - start:.0f} s", flush=True)
    for command, code in broken:
        print(f"ended with {code}: {command}")
    print(totals.line(), flush=True)
    return 1 if broken or totals.failed or not totals.passed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
