#!/usr/bin/env python3
"""Makes the two images of the Dockerfile where no base image can be had, and the files that go into them.

  images.py files --operator BINARY --helper BINARY --target TRIPLE --stage DIR
                                          puts what goes into the images into DIR/image
  images.py build --stage DIR --to DIR    builds both archives with buildah and no registry, DIR in the place of the
                                          Dockerfile's stage `build`, and puts the lists of what is linked beside them

docs/images.md says what is in them. The same commit and the same binaries give the same images.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import image_archive
import linked

ROOT = Path(__file__).resolve().parents[2]
MOZILLA = Path("/usr/share/ca-certificates/mozilla")
BUILD_SECONDS = 300


class Failure(Exception):
    """What is missing or went wrong, and the cure."""


# ---- the files of the images ----


def put(path, data, mode):
    """Writes one file; its folders are 0755 whatever the umask."""
    for folder in [parent for parent in path.parents if not parent.exists()][::-1]:
        folder.mkdir()
        folder.chmod(0o755)
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


def authorities(environ=os.environ, packaged=MOZILLA):
    """The public authorities as one PEM file: Debian's package and not the machine's own list, which may hold a company's."""
    given = environ.get("CA_CERTIFICATES")
    if given:
        return Path(given).read_bytes()
    files = sorted(packaged.glob("*.crt"))
    if not files:
        raise Failure(f"no certificates in {packaged}: apt-get install ca-certificates, or name a PEM file in CA_CERTIFICATES")
    return b"".join(file.read_bytes().strip() + b"\n" for file in files)


def write_files(operator, helper, target, stage):
    folder = stage / "image"
    shutil.rmtree(folder, ignore_errors=True)
    put(folder / "operator/keyferry", binary(operator), 0o555)
    put(folder / "operator/etc/ssl/certs/ca-certificates.crt", authorities(), 0o444)
    put(folder / "helper/keyferry-helper", binary(helper), 0o550)
    for image, package in (("operator", "keyferry"), ("helper", "keyferry-helper")):
        write_papers(folder / image / "usr/share", package, target)


def write_papers(share, package, target):
    """What is linked into the binary, and under which licences: an empty image has no package database to ask."""
    bill, notices = linked.describe(package, target)
    put(share / f"sbom/{package}.cdx.json", bill.encode(), 0o444)
    put(share / f"licenses/{package}/THIRD-PARTY.txt", notices.encode(), 0o444)
    put(share / f"licenses/{package}/LICENSE", (ROOT / "LICENSE").read_bytes(), 0o444)


def binary(path):
    """A program's bytes, when it needs no other file to run."""
    data = path.read_bytes()
    if not image_archive.is_static(data):
        raise Failure(f"{path} is not a static Linux program, and in an empty image nothing else runs: make release")
    return data


# ---- building with buildah ----


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        last = (done.stderr.decode("utf-8", "replace").splitlines() or ["it said nothing"])[0]
        raise Failure(f"git does not tell the commit ({last}): set REVISION and SOURCE_DATE_EPOCH, its date in seconds since 1970")
    return done.stdout.decode().strip()


def version():
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    return re.search(r'^\[workspace\.package\][^\[]*?^version = "([^"]+)"', text, re.M | re.S)[1]


def revision():
    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "HEAD") + ("-dirty" if changed else "")


def build_args(environ=os.environ):
    """What the labels say of this commit; its date is the image's, so that a second build is the same."""
    epoch = int(environ.get("SOURCE_DATE_EPOCH") or git("log", "-1", "--format=%ct"))
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))
    return epoch, {"VERSION": version(), "REVISION": environ.get("REVISION") or revision(), "CREATED": created}


def need_buildah():
    if not shutil.which("buildah"):
        raise Failure("buildah is missing: apt-get install buildah. With a registry in reach, Docker and Podman need neither "
                      "it nor this: docker build --target operator .")


class Buildah:
    """buildah with a store of its own, which is gone afterwards."""

    def __init__(self, folder):
        self.options = ["--root", folder / "root", "--runroot", folder / "run", "--storage-driver", "vfs"]

    def run(self, *arguments):
        command = [str(part) for part in ["buildah", *self.options, *arguments]]
        try:
            done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=BUILD_SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise Failure(f"buildah {arguments[0]} did not end within {BUILD_SECONDS} s") from error
        if done.returncode != 0:
            raise Failure(explain(arguments[0], done.stdout.decode("utf-8", "replace")))

    def build(self, target, stage, name):
        epoch, args = build_args()
        pairs = [part for key, value in args.items() for part in ("--build-arg", f"{key}={value}")]
        self.run("build", "--isolation", "chroot", "--pull-never", "--build-context", f"build={stage}", "--target", target,
                 "--timestamp", epoch, "--identity-label=false", *pairs, "--tag", name, ROOT)

    def archive(self, name, file):
        """Writes the image as `docker save` does; a reader never sees half of it."""
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        self.run("push", name, f"docker-archive:{part}:{name}")
        os.replace(part, file)


def explain(step, output):
    last = "\n".join("  " + line for line in output.splitlines()[-8:])
    cure = ""
    if re.search(r"permission denied|operation not permitted|newuidmap|user namespace", output, re.I):
        cure = "\n  cure: run it as root, or give your user ranges in /etc/subuid and /etc/subgid (package uidmap)"
    return f"buildah {step} failed:\n{last}{cure}"


def build(stage, folder):
    need_buildah()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".buildah-", dir=folder) as scratch:
        buildah = Buildah(Path(scratch))
        for target, image in image_archive.IMAGES.items():
            name = f"docker.io/{image.name}:{version()}"
            buildah.build(target, stage, name)
            buildah.archive(name, folder / f"{target}.tar")
    for bill in stage.glob("image/*/usr/share/sbom/*.cdx.json"):
        put(folder / bill.name, bill.read_bytes(), 0o644)
    return [folder / f"{target}.tar" for target in image_archive.IMAGES]


# ---- commands ----


def parse(argv):
    parser = argparse.ArgumentParser(prog="images.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="files | build")
    files = commands.add_parser("files", help="write the files of both images")
    files.add_argument("--operator", type=Path, required=True)
    files.add_argument("--helper", type=Path, required=True)
    files.add_argument("--target", required=True, help="what they were built for")
    files.add_argument("--stage", type=Path, required=True)
    make = commands.add_parser("build", help="build both archives")
    make.add_argument("--stage", type=Path, required=True)
    make.add_argument("--to", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv):
    args = parse(argv)
    try:
        if args.command == "files":
            write_files(args.operator, args.helper, args.target, args.stage)
            return 0
        archives = build(args.stage.resolve(), args.to.resolve())
        return image_archive.main(archives, args.stage / "image")
    except Failure as failure:
        print(f"images.py: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
