#!/usr/bin/env python3
"""Tests of the two archives that `make images` has built; it runs this file. KEYFERRY_IMAGES is their folder.

test_image_archive.py has the rules one by one, on archives of its own making.
"""

import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import image_archive
import images
import linked

FOLDER = Path(os.environ.get("KEYFERRY_IMAGES") or images.ROOT / "target/images")
STAGE = FOLDER / "stage/image"
# An Agent may not run what others may run, and an arbitrary user of OpenShift has group 0.
MAY_RUN = {"operator": ["65532:65532", "1000820000:0", "1000:1000"], "helper": ["65532:0", "1000820000:0"]}
MAY_NOT_RUN = {"operator": [], "helper": ["1000:1000"]}


def archive(target):
    return image_archive.Archive(FOLDER / f"{target}.tar")


def changed(target, folder, change):
    """A copy of a built archive with one member replaced."""
    path = Path(folder) / f"{target}.tar"
    with tarfile.open(FOLDER / f"{target}.tar") as old, tarfile.open(path, "w") as new:
        for member in old.getmembers():
            data = change(member.name, old.extractfile(member).read()) if member.isreg() else b""
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return image_archive.wrong_archive(image_archive.IMAGES[target], image_archive.Archive(path))


def with_canary(layer):
    """A layer with one more file in it."""
    data = io.BytesIO(layer)
    with tarfile.open(fileobj=data, mode="a") as box:
        canary = tarfile.TarInfo("usr/share/sbom/canary")
        canary.mode, canary.size = 0o444, 3
        box.addfile(canary, io.BytesIO(b"abc"))
    return data.getvalue()


class Built(unittest.TestCase):
    def test_every_byte_of_both_is_accounted_for(self):
        for target, image in image_archive.IMAGES.items():
            self.assertEqual(image_archive.wrong_archive(image, archive(target), STAGE / target), [], target)

    def test_one_layer_holds_everything(self):
        for target in image_archive.IMAGES:
            self.assertEqual(len(archive(target).layers), 1)

    def test_a_file_planted_in_a_built_layer_is_found(self):
        for target in image_archive.IMAGES:
            with tempfile.TemporaryDirectory() as folder:
                layers = archive(target).manifest["Layers"]
                wrong = changed(target, folder, lambda name, data: with_canary(data) if name in layers else data)
            self.assertIn("usr/share/sbom/canary: is not a file that this image has", wrong)
            self.assertIn("a layer is not the one of the settings", wrong)

    def test_a_secret_planted_in_the_settings_is_found(self):
        secret = b"AKIA" + b"B" * 16
        for target in image_archive.IMAGES:
            with tempfile.TemporaryDirectory() as folder:
                wrong = changed(target, folder, lambda name, data: data.replace(b"linux", b"linux " + secret))
            self.assertTrue(any(line.endswith("has an AWS key") for line in wrong), wrong)

    def test_the_names_are_those_that_the_chart_asks_for(self):
        for target, image in image_archive.IMAGES.items():
            self.assertIn(f"docker.io/{image.name}:{images.version()}", archive(target).manifest["RepoTags"])
        chart = images.ROOT / "charts/keyferry"
        values = (chart / "values.yaml").read_text(encoding="utf-8")
        self.assertIn(f"repository: {image_archive.IMAGES['operator'].name}\n", values)
        self.assertRegex((chart / "Chart.yaml").read_text(encoding="utf-8"), rf'appVersion: "?v?{re.escape(images.version())}"?\n')

    def test_labels_tell_version_commit_and_its_date(self):
        for target in image_archive.IMAGES:
            labels = archive(target).config["config"]["Labels"]
            epoch, told = images.build_args()
            self.assertEqual({key: labels[f"org.opencontainers.image.{key.lower()}"] for key in told}, told)
            self.assertEqual(archive(target).created(), epoch)


class Started(unittest.TestCase):
    """The programs as they lie in the layers, with nothing around them."""

    def run_as(self, user, target):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            for layer in archive(target).layers:
                with tarfile.open(fileobj=io.BytesIO(layer)) as box:
                    box.extractall(folder)
            program = image_archive.IMAGES[target].entrypoint
            return subprocess.run(["chroot", f"--userspec={user}", "--groups=", folder, program, "--version"], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)

    @unittest.skipUnless(os.geteuid() == 0, "only root may become another user")
    def test_they_start_as_their_user_and_as_an_arbitrary_one(self):
        for target, users in MAY_RUN.items():
            for user in users:
                done = self.run_as(user, target)
                self.assertEqual(done.returncode, 0, (target, user, done.stdout))
                self.assertIn(images.version().encode(), done.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "only root may become another user")
    def test_nobody_beside_user_and_group_0_starts_the_helper(self):
        for target, users in MAY_NOT_RUN.items():
            for user in users:
                self.assertEqual(self.run_as(user, target).returncode, 126, (target, user))


class Lists(unittest.TestCase):
    def test_the_list_beside_an_image_is_the_one_inside(self):
        for target, package in (("operator", "keyferry"), ("helper", "keyferry-helper")):
            inside = STAGE / target / f"usr/share/sbom/{package}.cdx.json"
            self.assertEqual((FOLDER / inside.name).read_bytes(), inside.read_bytes())

    def test_every_crate_has_a_checksum_a_licence_and_its_uses(self):
        for package in ("keyferry", "keyferry-helper"):
            bill = json.loads((FOLDER / f"{package}.cdx.json").read_bytes())
            references = {entry["bom-ref"] for entry in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
            for entry in bill["components"]:
                self.assertTrue(entry["licenses"][0]["expression"], entry["name"])
                crate = entry.get("purl", "").startswith("pkg:cargo/")
                self.assertEqual(crate, "hashes" in entry, entry["name"])
            for edge in bill["dependencies"]:
                self.assertLessEqual({edge["ref"], *edge["dependsOn"]}, references)

    def test_the_helper_has_no_network_and_the_operator_no_build_tools(self):
        names = {package: {entry["name"] for entry in json.loads((FOLDER / f"{package}.cdx.json").read_bytes())["components"]}
                 for package in ("keyferry", "keyferry-helper")}
        self.assertLessEqual({"rustls", "kube-client", "glibc", "std"}, names["keyferry"])
        self.assertFalse(names["keyferry"] & {"syn", "cc", "serde_derive", "keyferry-e2e"})
        self.assertFalse(names["keyferry-helper"] & {"tokio", "rustls", "hyper", "socket2", "mio", "kube-client"})

    def test_a_line_of_cargo_tree_is_read_whole(self):
        tree = linked.Tree(["0a v1.0.0 (/somewhere)|MIT|", "1b v2.0.0|MIT/Apache-2.0|https://b", "2c v3.0.0-rc.1+x|ISC|",
                            "1c v3.0.0-rc.1+x|ISC| (*)"])
        a, b, c = tree.crates
        self.assertEqual((b.licence, b.repository, c.version), ("MIT OR Apache-2.0", "https://b", "3.0.0-rc.1+x"))
        self.assertEqual(tree.edges, {a: {b, c}, b: {c}, c: set()})
        with self.assertRaises(ValueError):
            linked.Tree(["a v1.0.0"])


class Failures(unittest.TestCase):
    def test_a_program_that_needs_a_loader_is_refused_before_anything_is_built(self):
        with self.assertRaisesRegex(images.Failure, "make release"):
            images.binary(Path(sys.executable).resolve())

    def test_missing_rights_are_told_with_their_cure(self):
        self.assertIn("cure: run it as root", images.explain("build", "Error: newuidmap: Operation not permitted"))
        self.assertNotIn("cure", images.explain("build", "Error: no space left"))

    def test_a_machines_own_authorities_are_not_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(images.Failure, "CA_CERTIFICATES"):
                images.authorities({}, Path(folder))
            for name in ("b.crt", "a.crt"):
                (Path(folder) / name).write_bytes(name.encode())
            self.assertEqual(images.authorities({}, Path(folder)), b"a.crt\nb.crt\n")


if __name__ == "__main__":
    unittest.main()
