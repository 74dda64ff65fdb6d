#!/usr/bin/env python3
"""Tests of node.py. Those that make namespaces need root and are skipped without."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import node

HERE = Path(__file__).resolve().parent
MAY_RUN = os.geteuid() == 0 and not node.lacking()


class Missing(unittest.TestCase):
    def test_what_is_missing_is_told_with_its_package(self):
        found = node.lacking(which=lambda name: name != "runc", is_file=lambda path: "host-local" not in path)
        self.assertEqual(found, {"runc": "runc", "CNI plugin host-local": "containernetworking-plugins"})

    def test_plugins_are_found_wherever_distributions_put_them(self):
        self.assertEqual(node.lacking(which=lambda name: name, is_file=lambda path: path.startswith("/opt/cni/bin/")), {})

    def test_where_there_is_no_apt_the_packages_are_named(self):
        with mock.patch("shutil.which", return_value=None), self.assertRaisesRegex(node.Failure, "not Debian.*runc"):
            node.install({"runc": "runc"})

    def test_without_root_the_way_is_told(self):
        with mock.patch("os.geteuid", return_value=1000), self.assertRaisesRegex(node.Failure, "sudo make e2e-node"):
            node.refuse_this_system()


@unittest.skipUnless(MAY_RUN, "needs root and the programs of a node")
class Ground(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="keyferry-test-node-"))
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start(self, script):
        environment = dict(os.environ, TMPDIR=str(self.folder))
        return subprocess.Popen([sys.executable, HERE / "node.py", "run", "sh", "-c", script], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def test_the_program_is_alone_and_its_exit_code_comes_back(self):
        process = self.start('ls /proc | grep -c "^[0-9]"; ip -o link | wc -l; touch /var/lib/keyferry-was-here; exit 3')
        out, _ = process.communicate(timeout=30)
        processes, links = out.split()
        self.assertLess(int(processes), 6)
        self.assertEqual(int(links), 1)
        self.assertEqual(process.returncode, 3)
        self.assertFalse(Path("/var/lib/keyferry-was-here").exists())
        self.assert_nothing_is_left()

    def test_a_killed_run_leaves_nothing(self):
        process = self.start("echo $KEYFERRY_NODE; sleep 1234 & sleep 1234")
        name = process.stdout.readline().strip()
        self.assertTrue(list(self.folder.glob(f"{name}-*")) and cgroups(name))
        process.kill()
        process.communicate(timeout=30)
        self.assert_nothing_is_left()
        self.assertEqual(cgroups(name), [])

    def assert_nothing_is_left(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (list(self.folder.iterdir()) or self.processes()):
            time.sleep(0.1)
        self.assertEqual((list(self.folder.iterdir()), self.processes()), ([], []))

    def processes(self):
        """Those with this test's folder in their environment or on their command line."""
        return [path for path in Path("/proc").glob("[0-9]*") if path.name != str(os.getpid()) and self.names(path)]

    def names(self, path):
        try:
            return any(str(self.folder).encode() in (path / file).read_bytes() for file in ("environ", "cmdline"))
        except OSError:
            return False


def cgroups(name):
    return [path for path in Path("/sys/fs/cgroup").glob(f"**/{name}") if path.is_dir()]


if __name__ == "__main__":
    unittest.main()
