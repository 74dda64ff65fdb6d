"""What a binary is made of: a CycloneDX list of the crates that are linked into it, and the texts of their licences.

Cargo itself says what is linked (`cargo tree` without build scripts and procedural macros), so features and target are
those of the build. The existing tools read `cargo metadata`, which has macros and dependencies that nothing turned on.
No date, no serial number and no path is in either text: the same lock file gives the same bytes.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LICENCE = re.compile(r"(?i)(licen[cs]e|copying|copyright|notice|unlicense)")
LINE = re.compile(r"(\d+)(\S+) v(\S+)(?: \([^|]*\))?\|([^|]*)\|(\S*?)(?: \(\*\))?$")


class Crate(NamedTuple):
    name: str
    version: str
    licence: str
    repository: str


class Tree:
    """The crates that are linked into one package's binary: the first is the package, `edges` has what each one uses."""

    def __init__(self, lines):
        self.crates, self.edges, path = [], {}, []
        for line in filter(None, lines):
            depth, crate = parse_line(line)
            path[depth:] = [crate]
            if crate not in self.edges:
                self.crates.append(crate)
                self.edges[crate] = set()
            if depth:
                self.edges[path[depth - 1]].add(crate)


def parse_line(line):
    match = LINE.fullmatch(line)
    if not match:
        raise ValueError(f"cargo tree said {line!r}")
    depth, name, version, licence, repository = match.groups()
    return int(depth), Crate(name, version, licence.replace("/", " OR "), repository)


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode()


def tree(package, target):
    return Tree(cargo("tree", "--locked", "--package", package, "--edges", "normal,no-proc-macro", "--target", target,
                      "--prefix", "depth", "--format", "{p}|{l}|{r}").splitlines())


# ---- the list ----


def checksums():
    """SHA-256 of every crate that came from a registry, by name and version."""
    pattern = r'^name = "(.+)"\nversion = "(.+)"\nsource = "registry.+"\nchecksum = "([0-9a-f]{64})"'
    text = (ROOT / "Cargo.lock").read_text(encoding="utf-8")
    return {(name, version): digest for name, version, digest in re.findall(pattern, text, re.M)}


def reference(crate):
    return f"pkg:cargo/{crate.name}@{crate.version}"


def component(crate, digest):
    """One crate; without a checksum it is ours, and no registry has it."""
    entry = {"type": "library", "bom-ref": reference(crate), "name": crate.name, "version": crate.version,
             "licenses": [{"expression": crate.licence}]}
    if digest:
        entry["hashes"] = [{"alg": "SHA-256", "content": digest}]
        entry["purl"] = reference(crate)
    if crate.repository:
        entry["externalReferences"] = [{"type": "vcs", "url": crate.repository}]
    return entry


def toolchain():
    """What the compiler adds to a static program: Rust's standard library and the C library of the building system."""
    rust = re.search(r"^release: (\S+)$", subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE).stdout.decode(), re.M)[1]
    libc = subprocess.run(["getconf", "GNU_LIBC_VERSION"], check=True, stdout=subprocess.PIPE).stdout.decode().split()[1]
    return [
        {"type": "library", "bom-ref": "rust-std", "name": "std", "version": rust, "licenses": [{"expression": "MIT OR Apache-2.0"}],
         "purl": f"pkg:generic/rust-std@{rust}"},
        {"type": "library", "bom-ref": "glibc", "name": "glibc", "version": libc,
         "licenses": [{"expression": "LGPL-2.1-or-later"}], "purl": f"pkg:generic/glibc@{libc}"},
    ]


def bill(crates, system, digests):
    """The CycloneDX document, as text."""
    main, *rest = crates.crates
    whole = component(main, None) | {"type": "application"}
    libraries = sorted((component(crate, digests.get((crate.name, crate.version))) for crate in rest),
                       key=lambda entry: entry["bom-ref"])
    edges = {reference(crate): sorted(map(reference, uses)) for crate, uses in crates.edges.items()}
    edges[reference(main)] += [entry["bom-ref"] for entry in system]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
        "version": 1, "metadata": {"lifecycles": [{"phase": "build"}], "component": whole},
        "components": libraries + system,
        "dependencies": [{"ref": ref, "dependsOn": uses} for ref, uses in sorted(edges.items())],
    }
    return json.dumps(document, indent=1) + "\n"


# ---- the licences ----


def folders(target):
    """Where the source of each crate lies."""
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))["packages"]
    return {(package["name"], package["version"]): Path(package["manifest_path"]).parent for package in packages}


def licence_texts(folder):
    files = sorted(file for file in folder.iterdir() if file.is_file() and LICENCE.match(file.name))
    return [file.read_text(encoding="utf-8", errors="replace").strip() for file in files]


def notices(crates, places):
    """Every licence text once, after the names of the crates that bring it."""
    users = {}
    for crate in sorted(crates.crates[1:]):
        for text in licence_texts(places[crate.name, crate.version]):
            users.setdefault(" ".join(text.split()), (text, []))[1].append(f"{crate.name} {crate.version}")
    parts = ["Crates in this binary, and what each is licensed under:\n\n"]
    parts += [f"{crate.name} {crate.version}: {crate.licence}\n" for crate in sorted(crates.crates)]
    for text, names in users.values():
        parts.append(f"\n{'=' * 80}\n{', '.join(dict.fromkeys(names))}\n{'-' * 80}\n{text}\n")
    return "".join(parts)


def describe(package, target):
    """The list and the licences of a package's binary, as two texts."""
    crates = tree(package, target)
    return bill(crates, toolchain(), checksums()), notices(crates, folders(target))
