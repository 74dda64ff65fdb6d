#!/usr/bin/env python3
"""Tests of run_tests.py; run this file."""

import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*commands):
    done = subprocess.run([sys.executable, str(HERE / "run_tests.py"), *commands], stdout=subprocess.PIPE, check=False)
    return done.returncode, done.stdout.decode().splitlines()[-1]


def cargo(passed, failed, code=0, ignored=0):
    return f"echo 'test result: ok. {passed} passed; {failed} failed; {ignored} ignored; 0 measured'; exit {code}"


def go(*lines, code=0):
    return "; ".join([f"echo '{line}'" for line in lines] + [f"exit {code}"])


class Runs(unittest.TestCase):
    def test_totals_are_added_over_commands_and_runners(self):
        python = "echo 'Ran 5 tests in 0.1s' >&2"
        self.assertEqual(run(cargo(3, 0), python), (0, "8 passed, 0 failed"))

    def test_a_failed_test_fails_the_run_and_the_rest_still_runs(self):
        self.assertEqual(run(cargo(3, 1, 101), cargo(4, 0)), (1, "7 passed, 1 failed"))

    def test_failures_of_python_are_taken_off_what_ran(self):
        self.assertEqual(run("echo 'Ran 5 tests in 0.1s'; echo 'FAILED (failures=1, errors=2)'"), (1, "2 passed, 3 failed"))

    def test_each_test_of_go_counts_once_and_its_subtests_with_it(self):
        lines = ["=== RUN   TestA", "    --- PASS: TestA/one (0.00s)", "--- PASS: TestA (0.01s)", "--- PASS: TestB (1.50s)", "PASS",
                 "ok  \texample.test/a\t1.5s"]
        self.assertEqual(run(go(*lines), cargo(3, 0)), (0, "5 passed, 0 failed"))

    def test_go_says_what_failed_and_what_was_skipped(self):
        lines = ["--- FAIL: TestA (0.00s)", "    a_test.go:7: wrong", "--- SKIP: TestB (0.00s)", "--- PASS: TestC (0.00s)", "FAIL"]
        self.assertEqual(run(go(*lines, code=1)), (1, "1 passed, 1 failed, 1 ignored"))

    def test_a_package_of_go_that_does_not_compile_fails_the_run(self):
        self.assertEqual(run(cargo(3, 0), go("FAIL\texample.test/a [build failed]", code=1)), (1, "3 passed, 0 failed"))

    def test_a_command_that_ends_badly_fails_the_run_without_a_failed_test(self):
        self.assertEqual(run(cargo(3, 0), "exit 2"), (1, "3 passed, 0 failed"))

    def test_a_run_that_tested_nothing_fails(self):
        self.assertEqual(run("true"), (1, "0 passed, 0 failed"))

    def test_ignored_tests_are_told(self):
        self.assertEqual(run(cargo(3, 0, ignored=2)), (0, "3 passed, 0 failed, 2 ignored"))


if __name__ == "__main__":
    unittest.main()
