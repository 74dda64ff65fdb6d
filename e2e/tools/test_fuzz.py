#!/usr/bin/env python3
"""Tests of fuzz.py, with programs that stand in for fuzz targets."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import fuzz
import run_tests

FINE = """#!/bin/sh
echo 'INFO: Seed: 1'
printf '#2\\tINITED cov: 7 ft: 9 corp: 1/1b exec/s: 0 rss: 28Mb\\n'
printf '#900\\tDONE   cov: 12 ft: 30 corp: 4/9b exec/s: 450 rss: 30Mb\\n'
echo 'Done 900 runs in 2 second(s)'
"""
CRASH = """#!/bin/sh
printf '#5\\tNEW    cov: 8 ft: 9 corp: 2/3b exec/s: 0 rss: 28Mb\\n'
echo 'it panicked here'
for word in "$@"; do case "$word" in -artifact_prefix=*) touch "${word#-artifact_prefix=}crash-1";; esac; done
exit 77
"""
NOTHING = "#!/bin/sh\nexit 0\n"


class Targets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for patch in (mock.patch.object(fuzz, "FUZZ", self.folder), mock.patch.object(fuzz, "build", lambda: self.folder),
                      mock.patch.dict("os.environ", CARGO_TARGET_DIR=str(self.folder / "target"))):
            patch.start()
            self.addCleanup(patch.stop)

    def fuzz(self, **targets):
        """The exit code and the output with these programs as targets."""
        (self.folder / "targets").mkdir()
        for name, script in targets.items():
            (self.folder / "targets" / f"{name}.rs").touch()
            (self.folder / name).write_text(script, encoding="utf-8")
            (self.folder / name).chmod(0o755)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = fuzz.main(["1"])
        return code, out.getvalue()

    def test_every_target_runs_and_is_counted_by_run_tests(self):
        code, out = self.fuzz(one=FINE, two=FINE)
        self.assertEqual(code, 0, out)
        self.assertRegex(out, r"test fuzz one \.\.\. ok \(\d+ s, 900 runs, \d+ a second, 12 edges\)")
        totals = run_tests.Totals()
        for line in out.splitlines():
            totals.read(line)
        self.assertEqual((totals.passed, totals.failed), (2, 0))

    def test_a_crash_fails_and_shows_the_end_of_the_output_and_the_input(self):
        code, out = self.fuzz(bad=CRASH, good=FINE)
        self.assertEqual(code, 1)
        self.assertIn("it panicked here", out)
        self.assertIn("found: fuzz/artifacts/bad/crash-1", out)
        self.assertIn("test result: FAILED. 1 passed; 1 failed;", out)

    def test_an_artifact_that_was_there_before_is_no_finding(self):
        (self.folder / "artifacts" / "old").mkdir(parents=True)
        (self.folder / "artifacts" / "old" / "crash-0").touch()
        code, out = self.fuzz(old=FINE)
        self.assertEqual(code, 0, out)

    def test_a_target_that_ran_nothing_has_failed(self):
        code, out = self.fuzz(lazy=NOTHING)
        self.assertEqual(code, 1, out)


if __name__ == "__main__":
    unittest.main()
