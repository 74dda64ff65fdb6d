#!/usr/bin/env python3
"""Judges the archives of the two images: every byte in them is accounted for, or it is an error.

  image_archive.py [--files DIR] FILE...     FILE is operator.tar or helper.tar, as `docker save` writes them

It takes the archives apart and accepts only the files it knows, with their type, mode and owner, and the settings it knows;
it looks for what reads like a secret or names the building machine in all of it; it tells the sizes and holds them to
their limits. With --files every file must also be, byte for byte, the one of that folder. Nothing found is ever printed.
"""

import argparse
import calendar
import hashlib
import io
import json
import re
import struct
import sys
import tarfile
import time
from pathlib import Path
from typing import NamedTuple

MIB = 1 << 20
ARCHIVE_LIMIT = 256 * MIB


class File(NamedTuple):
    mode: int
    kind: str


class Image(NamedTuple):
    """What one image may hold, and how it is started."""

    name: str
    user: str
    entrypoint: str
    limit: int
    files: dict



def papers(package):
    return {f"usr/share/{path}": File(0o444, "text") for path in (
        f"sbom/{package}.cdx.json", f"licenses/{package}/LICENSE", f"licenses/{package}/THIRD-PARTY.txt")}


IMAGES = {
    "operator": Image("keyferry/keyferry", "65532:65532", "/keyferry", 26 * MIB, {
        "keyferry": File(0o555, "program"),
        "etc/ssl/certs/ca-certificates.crt": File(0o444, "certificates"),
        **papers("keyferry"),
    }),
    "helper": Image("keyferry/keyferry-helper", "65532:0", "/keyferry-helper", 2 * MIB, {
        "keyferry-helper": File(0o550, "program"),
        **papers("keyferry-helper"),
    }),
}

# Engines set it for every image, an empty one too.
ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
LABELS = {"org.opencontainers.image." + label for label in (
    "created", "description", "documentation", "licenses", "revision", "source", "title", "version")}
SETTINGS = {"User", "Env", "Entrypoint", "Labels"}
CONFIG = {"created", "architecture", "os", "config", "rootfs", "history"}
STEPS = re.compile(r"(/bin/sh -c #\(nop\) )?(ARG|LABEL|COPY|USER|ENTRYPOINT) ")

# What a secret looks like anywhere: whole keys and tokens, so that a program's own words for them do not count.
SECRETS = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\\nr]{1,8}[A-Za-z0-9+/=]{40}",
    "an AWS key": rb"\b(AKIA|ASIA)[A-Z2-7]{16}\b",
    "a signed token": rb"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    "a code host's token": rb"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60}|glpat-[A-Za-z0-9_-]{20})",
    "a Vault token": rb"\bhv[sbr]\.[A-Za-z0-9_-]{24}",
    "a Google key": rb"\bAIza[A-Za-z0-9_-]{35}\b",
    "a password in an address": rb"\b[a-z][a-z0-9+.-]{2,12}://[A-Za-z0-9._-]{1,64}:[A-Za-z0-9._~%!$-]{4,64}@[a-z0-9]",
}
# What settings may not even name.
NAMES = {"a setting that sounds like a secret": rb"(?i)(password|passwd|token|api.?key|secret.?key|private.?key|credential)[\"']?\s*[=:]"}
# Folders of whoever built it: a home, Cargo's and Rust's own files.
MACHINE = {"a path of the building machine": rb"/(root|home/[a-z][a-z0-9_-]*|Users/\w+)/|/\.(cargo|rustup)/|/registry/src/|/rustlib/src/"}


# ---- programs ----


def is_static(data):
    """Whether these are the bytes of an ELF program that asks for no loader."""
    if data[:6] != b"\x7fELF\x02\x01":
        return False
    (start,), (size, count) = struct.unpack_from("<Q", data, 32), struct.unpack_from("<HH", data, 54)
    kinds = [struct.unpack_from("<I", data, start + number * size)[0] for number in range(count)]
    interpreter, load = 3, 1
    return load in kinds and interpreter not in kinds


def found(patterns, data):
    return [what for what, pattern in patterns.items() if re.search(pattern, data)]


def wrong_program(data):
    if not is_static(data):
        yield "is not a static program"
    yield from (f"has {what}" for what in found({**SECRETS, **MACHINE}, data))


def wrong_certificates(data):
    rest, count = re.subn(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\n", b"", data)
    if rest.strip() or not count:
        yield "has something beside certificates, or none"


def wrong_text(data):
    yield from (f"has {what}" for what in found({**SECRETS, **MACHINE}, data))


KINDS = {"text": wrong_text, "program": wrong_program, "certificates": wrong_certificates}


# ---- layers ----


def wrong_layer(image, data, created, files):
    """Everything that is wrong with one layer, as sentences that begin with a path."""
    with tarfile.open(fileobj=io.BytesIO(data)) as layer:
        members = layer.getmembers()
        for member in members:
            path = member.name.removeprefix("./").strip("/")
            content = layer.extractfile(member).read() if member.isreg() else None
            for wrong in wrong_member(image, member, path, content, created, files):
                yield f"{path}: {wrong}"
    names = [member.name for member in members]
    yield from (f"{name}: is there twice" for name in sorted(set(names)) if names.count(name) > 1)


def wrong_member(image, member, path, content, created, files):
    yield from wrong_header(member, created)
    if member.isdir():
        yield from wrong_folder(image, member, path)
    elif not member.isreg():
        yield "is neither a file nor a folder"
    elif path not in image.files:
        yield "is not a file that this image has"
    else:
        yield from wrong_file(image.files[path], member, path, content, files)


def wrong_header(member, created):
    if (member.uid, member.gid) != (0, 0):
        yield f"belongs to {member.uid}:{member.gid}, not to 0:0"
    if member.mtime != created:
        yield "has another time than the image"
    if set(member.pax_headers) - {"mtime", "path", "size"}:
        yield "has extended attributes"


def wrong_folder(image, member, path):
    if not any(file.startswith(path + "/") for file in image.files):
        yield "is not a folder that this image has"
    if member.mode & 0o7777 != 0o755:
        yield f"has mode {member.mode & 0o7777:04o}, not 0755"


def wrong_file(known, member, path, content, files):
    if member.mode & 0o7777 != known.mode:
        yield f"has mode {member.mode & 0o7777:04o}, not {known.mode:04o}"
    if files and content != (files / path).read_bytes():
        yield "is not the file that was built"
    yield from KINDS[known.kind](content)


def missing_files(image, layers):
    names = {member.name.removeprefix("./") for data in layers
             for member in tarfile.open(fileobj=io.BytesIO(data)).getmembers()}
    return [f"{path}: is missing" for path in image.files if path not in names]


# ---- settings ----


def wrong_config(image, config):
    settings = config.get("config", {})
    for key in sorted(set(config) - CONFIG) + sorted(set(settings) - SETTINGS):
        yield f"the setting {key} is not one that this image has"
    for key, wanted in (("User", image.user), ("Entrypoint", [image.entrypoint]), ("Env", ENV)):
        if settings.get(key) != wanted:
            yield f"the setting {key} is not {wanted!r}"
    labels = settings.get("Labels", {})
    yield from (f"the label {label} is missing, or none that this image has" for label in sorted(LABELS ^ set(labels)))
    yield from (f"the label {label} has no value" for label in sorted(labels) if not labels[label])
    if any(not STEPS.match(step.get("created_by", "")) for step in config.get("history", [])):
        yield "the history has a step that the Dockerfile has not"


def wrong_words(where, data):
    for what in found({**SECRETS, **NAMES, **MACHINE}, data):
        yield f"{where} has {what}"


# ---- archives ----


class Archive:
    """An image as `docker save` writes it, held in memory."""

    def __init__(self, path):
        if path.stat().st_size > ARCHIVE_LIMIT:
            raise ValueError(f"{path.name} is over {ARCHIVE_LIMIT >> 20} MiB")
        with tarfile.open(path) as box:
            self.members = box.getmembers()
            self.files = {m.name: box.extractfile(m).read() for m in self.members if m.isreg()}
        manifest = json.loads(self.files["manifest.json"])
        self.count = len(manifest)
        self.manifest = manifest[0]
        self.config_text = self.files[self.manifest["Config"]]
        self.config = json.loads(self.config_text)
        self.layers = [self.files[name] for name in self.manifest["Layers"]]

    @property
    def size(self):
        return sum(len(layer) for layer in self.layers)

    def created(self):
        return calendar.timegm(time.strptime(self.config["created"], "%Y-%m-%dT%H:%M:%SZ"))

    def extra(self):
        """Members beside the image itself. An older format's copies of its settings may be there, and links to layers."""
        known = {"manifest.json", "repositories", self.manifest["Config"], *self.manifest["Layers"]}
        old = re.compile(r"[0-9a-f]{64}/(json|VERSION|layer\.tar)")
        for member in self.members:
            whole = member.name in known and member.isreg()
            copy = old.fullmatch(member.name) and (member.issym() or member.size < 64 << 10)
            if not whole and not copy and not member.isdir():
                yield member.name

    def texts(self):
        """Everything in it that is neither a layer nor a link."""
        return {name: data for name, data in self.files.items() if name not in self.manifest["Layers"]}


def wrong_archive(image, archive, files=None):
    """Everything that is wrong with an archive, as sentences; an empty list is a good one."""
    wrong = [f"{name}: is no part of the image" for name in archive.extra()]
    if archive.count != 1:
        wrong.append("there is more than one image in it")
    sums = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in archive.layers]
    if sums != archive.config["rootfs"]["diff_ids"]:
        wrong.append("a layer is not the one of the settings")
    for layer in archive.layers:
        wrong += wrong_layer(image, layer, archive.created(), files)
    wrong += missing_files(image, archive.layers)
    wrong += wrong_config(image, archive.config)
    for name, data in archive.texts().items():
        wrong += wrong_words(name, data)
    if archive.size > image.limit:
        wrong.append(f"its layers have {archive.size} bytes, allowed are {image.limit}")
    return wrong


def judge(path, files):
    """Prints one archive's figures and faults; answers whether it is good."""
    image = IMAGES[path.stem]
    archive = Archive(path)
    wrong = wrong_archive(image, archive, files and files / path.stem)
    digest = hashlib.sha256(archive.config_text).hexdigest()
    print(f"{path.name}: {archive.manifest['RepoTags'][0]}, {archive.size / MIB:.2f} MiB of {image.limit // MIB} MiB, "
          f"id sha256:{digest[:12]}", flush=True)
    for sentence in wrong:
        print(f"  {sentence}", file=sys.stderr)
    return not wrong


def main(paths, files=None):
    good = [judge(path, files) for path in paths]
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="image_archive.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=Path)
    parser.add_argument("archives", nargs="+", type=Path, metavar="FILE")
    args = parser.parse_args()
    sys.exit(main(args.archives, args.files))
