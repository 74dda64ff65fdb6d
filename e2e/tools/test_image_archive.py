#!/usr/bin/env python3
"""Tests of what image_archive.py accepts, on small archives made here; run this file. The built ones: test_images.py."""

import contextlib
import hashlib
import io
import json
import struct
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import image_archive

CREATED = 1_700_000_000
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"


def program(*kinds):
    """An ELF file with nothing but these segments; 1 is loaded code, 3 asks for a loader."""
    header = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 64) + b"\0" * 14 + struct.pack("<HH", 56, len(kinds))
    return header.ljust(64, b"\0") + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in kinds)


CONTENT = {"program": program(1), "certificates": CERTIFICATE, "text": b"Apache-2.0\n"}


def entry(path, mode, content=None):
    info = tarfile.TarInfo(path)
    info.mode, info.mtime = mode, CREATED
    info.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    info.size = len(content or b"")
    return info, content


def entries(image):
    folders = sorted({str(parent) for path in image.files for parent in Path(path).parents} - {"."})
    return [entry(folder, 0o755) for folder in folders] + [
        entry(path, file.mode, CONTENT[file.kind]) for path, file in image.files.items()]


def tar(members):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.PAX_FORMAT) as box:
        for info, content in members:
            box.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return data.getvalue()


def config(image, layers):
    return {
        "created": "2023-11-14T22:13:20Z", "architecture": "amd64", "os": "linux",
        "config": {"User": image.user, "Env": image_archive.ENV, "Entrypoint": [image.entrypoint],
                   "Labels": dict.fromkeys(image_archive.LABELS, "words")},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]},
        "history": [{"created_by": "/bin/sh -c #(nop) COPY dir:0 in / "}],
    }


def archive(image, layers, change=lambda config: None, more=()):
    settings = config(image, layers)
    change(settings)
    names = [f"{number}.tar" for number in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": [image.name + ":1"], "Layers": names}]
    texts = {"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(settings).encode()}
    return tar([entry(name, 0o444, data) for name, data in {**texts, **dict(zip(names, layers))}.items()] + list(more))


class Judged(unittest.TestCase):
    image = image_archive.IMAGES["helper"]

    def judge(self, data, files=None):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "helper.tar"
            path.write_bytes(data)
            return image_archive.wrong_archive(self.image, image_archive.Archive(path), files)

    def with_layer(self, *more, drop=None):
        return self.judge(archive(self.image, [tar([e for e in entries(self.image) if e[0].name != drop] + list(more))]))

    def with_config(self, change):
        return self.judge(archive(self.image, [tar(entries(self.image))], change))

    def with_file(self, path, change):
        members = entries(self.image)
        for number, (info, content) in enumerate(members):
            if info.name == path:
                members[number] = (info, change(info) or content)
                members[number][0].size = len(members[number][1])
        return self.judge(archive(self.image, [tar(members)]))

    def assert_one(self, wrong, words):
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn(words, wrong[0])


class Accepted(Judged):
    def test_both_images_are_good_as_they_should_be(self):
        for self.image in image_archive.IMAGES.values():
            self.assertEqual(self.judge(archive(self.image, [tar(entries(self.image))])), [])


class Files(Judged):
    def test_a_file_nobody_knows_is_found(self):
        self.assert_one(self.with_layer(entry("usr/share/canary", 0o444, b"")), "usr/share/canary: is not a file")

    def test_a_file_that_a_later_layer_takes_away_again_is_found(self):
        layers = [tar([entry(".env", 0o400, b"x")]), tar(entries(self.image) + [entry(".wh..env", 0o400, b"")])]
        wrong = self.judge(archive(self.image, layers))
        self.assertEqual([line.split(":")[0] for line in wrong], [".env", ".wh..env"])

    def test_a_missing_file_is_told(self):
        self.assert_one(self.with_layer(drop="keyferry-helper"), "keyferry-helper: is missing")

    def test_a_folder_nobody_knows_is_found(self):
        self.assert_one(self.with_layer(entry("bin", 0o755)), "bin: is not a folder")

    def test_a_link_is_no_file(self):
        link = tarfile.TarInfo("sh")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "keyferry-helper", CREATED
        self.assert_one(self.with_layer((link, None)), "neither a file nor a folder")

    def test_a_file_is_there_once(self):
        self.assert_one(self.with_layer(entry("keyferry-helper", 0o550, program(1))), "is there twice")

    def test_a_setuid_bit_or_a_right_of_others_is_another_mode(self):
        for mode in (0o4550, 0o555, 0o750):
            wrong = self.with_file("keyferry-helper", lambda info: setattr(info, "mode", mode))
            self.assert_one(wrong, f"has mode {mode:04o}")

    def test_every_file_is_roots(self):
        self.assert_one(self.with_file("keyferry-helper", lambda info: setattr(info, "uid", 1000)), "belongs to 1000:0")

    def test_a_capability_in_an_extended_attribute_is_found(self):
        def capable(info):
            info.pax_headers = {"SCHILY.xattr.security.capability": "x"}
        self.assert_one(self.with_file("keyferry-helper", capable), "extended attributes")

    def test_another_time_than_the_image_has_is_found(self):
        self.assert_one(self.with_file("keyferry-helper", lambda info: setattr(info, "mtime", 1)), "another time")

    def test_a_program_that_asks_for_a_loader_is_not_static(self):
        self.assert_one(self.with_file("keyferry-helper", lambda info: program(1, 3)), "not a static program")
        self.assert_one(self.with_file("keyferry-helper", lambda info: b"#!/bin/sh\n"), "not a static program")

    def test_another_file_than_was_built_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            for path in self.image.files:
                (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / path).write_bytes(b"other")
            wrong = self.judge(archive(self.image, [tar(entries(self.image))]), Path(folder))
        self.assertEqual(len(wrong), len(self.image.files))
        self.assertIn("is not the file that was built", wrong[0])

    def test_an_image_over_its_limit_is_refused(self):
        self.image = self.image._replace(limit=1000)
        self.assert_one(self.judge(archive(self.image, [tar(entries(self.image))])), "allowed are 1000")


# Each is put together here, so that the sources hold nothing that looks like one.
SECRETS = {
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "A" * 64,
    "an AWS key": "AKIA" + "A" * 16,
    "a signed token": ".".join(["eyJ" + "a" * 20, "eyJ" + "b" * 20, "c" * 20]),
    "a code host's token": "ghp_" + "a" * 36,
    "a Vault token": "hvs." + "a" * 24,
    "a Google key": "AIza" + "a" * 35,
    "a password in an address": "postgres://user:" + "hunter22@db",
}


class Secrets(Judged):
    def test_every_kind_of_secret_is_found_in_a_file_and_never_shown(self):
        self.assertEqual(set(SECRETS), set(image_archive.SECRETS))
        for what, secret in SECRETS.items():
            wrong = self.with_file("keyferry-helper", lambda info: program(1) + b" " + secret.encode() + b" ")
            self.assert_one(wrong, f"keyferry-helper: has {what}")
            self.assertNotIn(secret[8:], wrong[0])

    def test_every_kind_of_secret_is_found_in_a_label(self):
        for what, secret in SECRETS.items():
            wrong = self.with_config(lambda config: config["config"]["Labels"].update({
                "org.opencontainers.image.title": f"x {secret} "}))
            self.assert_one(wrong, f"config.json has {what}")

    def test_a_build_argument_in_the_history_is_found(self):
        step = {"created_by": "/bin/sh -c #(nop) ARG NPM_TOKEN=abc"}
        self.assert_one(self.with_config(lambda config: config["history"].append(step)), "sounds like a secret")

    def test_a_programs_own_words_for_keys_are_no_secret(self):
        words = b"-----BEGIN PRIVATE KEY----- expected; AKIA; https://user:pass@"
        self.assertEqual(self.with_file("keyferry-helper", lambda info: program(1) + words), [])

    def test_a_path_of_the_building_machine_is_found(self):
        for path in (b"/root/x", b"/home/me/src/main.rs", b"/opt/.cargo/bin", b"/x/registry/src/a"):
            wrong = self.with_file("keyferry-helper", lambda info: program(1) + path)
            self.assert_one(wrong, "a path of the building machine")

    def test_only_certificates_are_in_the_operators_list_of_them(self):
        self.image = image_archive.IMAGES["operator"]
        for content in (b"\n", CERTIFICATE + b"more", CERTIFICATE.replace(b"CERTIFICATE", b"EC KEY")):
            path = "etc/ssl/certs/ca-certificates.crt"
            wrong = [line for line in self.with_file(path, lambda info: content) if "certificates" in line]
            self.assertTrue(any("beside certificates" in line for line in wrong), wrong)


class Settings(Judged):
    def test_the_user_is_neither_root_nor_another(self):
        for user in ("", "0", "root", "65532"):
            self.assert_one(self.with_config(lambda config: config["config"].update(User=user)), "the setting User")

    def test_nothing_else_is_started(self):
        wrong = self.with_config(lambda config: config["config"].update(Entrypoint=["/bin/sh"]))
        self.assert_one(wrong, "the setting Entrypoint")
        self.assert_one(self.with_config(lambda config: config["config"].update(Cmd=["x"])), "the setting Cmd")

    def test_the_environment_holds_nothing_of_the_build(self):
        wrong = self.with_config(lambda config: config["config"].update(Env=["PATH=/", "A=b"]))
        self.assert_one(wrong, "the setting Env")

    def test_a_label_without_value_and_one_too_many_are_told(self):
        label = "org.opencontainers.image.revision"
        self.assert_one(self.with_config(lambda config: config["config"]["Labels"].update({label: ""})), f"{label} has no")
        self.assert_one(self.with_config(lambda config: config["config"]["Labels"].pop(label)), f"the label {label}")
        self.assert_one(self.with_config(lambda config: config["config"]["Labels"].update(maintainer="x")), "maintainer")

    def test_a_step_that_runs_a_command_is_found(self):
        wrong = self.with_config(lambda config: config["history"].append({"created_by": "/bin/sh -c make"}))
        self.assert_one(wrong, "the history has a step")


class Archives(Judged):
    def test_a_layer_that_the_settings_do_not_name_is_found(self):
        wrong = self.with_config(lambda config: config["rootfs"]["diff_ids"].append("sha256:0"))
        self.assert_one(wrong, "a layer is not the one")

    def test_something_beside_the_image_is_found(self):
        data = archive(self.image, [tar(entries(self.image))], more=[entry("left-over.tar", 0o444, b"x")])
        self.assert_one(self.judge(data), "left-over.tar: is no part")

    def test_a_fault_is_an_exit_code(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()):
            path = Path(folder) / "helper.tar"
            path.write_bytes(archive(self.image, [tar(entries(self.image))]))
            self.assertEqual(image_archive.main([path]), 0)
            path.write_bytes(archive(self.image, [tar(entries(self.image) + [entry("canary", 0o444, b"")])]))
            self.assertEqual(image_archive.main([path]), 1)
        self.assertEqual(image_archive.main([]), 1)


if __name__ == "__main__":
    unittest.main()
