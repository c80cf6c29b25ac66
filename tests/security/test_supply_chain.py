"""What is installed is what is pinned, and of what is pinned nothing is known to be bad."""

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
OF_A_PLATFORM = re.compile(r"nvidia-|cuda-|triton|pytorch-triton")  # of torch's CUDA builds
LISTED = yaml.safe_load((Path(__file__).parent / "known_bad.yaml").read_text(encoding="utf-8"))
SITE = ("docs",) if importlib.util.find_spec("mkdocs") else ()  # the site's tools, if installed
BAD = {canonicalize_name(name): each for name, each in LISTED.items()}


def pins() -> dict[str, Version]:
    versions = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pinned = PIN.fullmatch(line)
            assert pinned, line  # a version, and nothing that leaves room
            assert canonicalize_name(pinned[1]) not in versions, line
            versions[canonicalize_name(pinned[1])] = Version(pinned[2])
    return versions


def needed(*extras: str) -> Iterator[str]:
    """The names of all that the project and some extras need, whatever that needs included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    optional = [each for extra in extras for each in project["optional-dependencies"][extra]]
    todo = [Requirement(each) for each in (*project["dependencies"], *optional)]
    seen = set()
    while todo:
        each = todo.pop()
        if each.marker is not None and not each.marker.evaluate({"extra": ""}):
            continue
        key = (canonicalize_name(each.name), frozenset(each.extras))
        if key in seen:
            continue
        seen.add(key)
        yield key[0]
        for line in metadata.requires(key[0]) or ():
            below = Requirement(line)
            extras = [{"extra": extra} for extra in ("", *key[1])]
            if below.marker is None or any(below.marker.evaluate(extra) for extra in extras):
                below.marker = None
                todo.append(below)


def test_every_required_package_is_pinned_to_the_installed_version() -> None:
    pinned = pins()
    names = {name for name in needed("dev", *SITE) if not OF_A_PLATFORM.match(name)}
    assert len(names) > 80
    assert sorted(names - pinned.keys()) == []
    installed = {name: Version(Version(metadata.version(name)).public) for name in names}
    assert {name: pinned[name] for name in names} == installed


def test_the_installed_packages_are_compatible() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_pinned_version_is_one_that_is_known_to_be_bad() -> None:
    pinned = pins()
    assert len(BAD) >= 20
    old = [
        f"{name} {pinned[name]}: {each['why']}"
        for name, each in BAD.items()
        if name in pinned and pinned[name] < Version(str(each["below"]))
    ]
    assert old == []
    assert set(BAD) <= pinned.keys()  # a name that is misspelt would be in nobody's way


def test_the_licences_of_the_dependencies_allow_use_and_redistribution() -> None:
    strange = {}
    for name in needed(*SITE):
        about = metadata.metadata(name)
        said = " ".join([
            about.get("License-Expression") or about.get("License", "")[:200],
            *(each for each in about.get_all("Classifier", []) if each.startswith("License")),
        ])  # fmt: skip
        free = re.search(r"MIT|BSD|Apache|PSF|Python Software|ISC|MPL|LGPL|HPND|Zlib", said)
        if not free or re.search(r"\b(A?GPL|Proprietary|Commercial)", said):
            strange[name] = said
    assert strange == {}


def test_the_makefile_audits_strictly_and_makes_a_bill_of_materials() -> None:
    shown = subprocess.run(
        ["make", "--dry-run", "--always-make", "audit", "sbom"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "--strict" in shown  # a package missing from the service's list is no success
    assert "build/sbom.json" in shown


@pytest.mark.slow
def test_a_bill_of_materials_names_every_package_that_is_needed() -> None:
    subprocess.run(["make", "sbom"], cwd=ROOT, check=True, capture_output=True)
    content = json.loads((ROOT / "build" / "sbom.json").read_text(encoding="utf-8"))
    assert content["bomFormat"] == "CycloneDX"
    names = {canonicalize_name(each["name"]) for each in content["components"]}
    assert sorted(set(needed("dev", *SITE)) - names) == []
    without = [each["name"] for each in content["components"] if not each.get("licenses")]
    freely = [name for name in without if metadata.metadata(name).get("License")]
    assert without == freely  # in their own words, which are not SPDX terms
    assert len(without) < len(names) / 10
