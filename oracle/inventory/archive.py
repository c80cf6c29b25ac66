"""A run as one file: its results and its networks, in a zip that is checked before it is used.

``manifest.json`` says what the run is, and has the size and the sha256 of every other file:
``results.json``, the finished training runs, and ``checkpoints/ab/abcd....pt``, the networks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from oracle.inventory.listing import requested_cells
from oracle.runs.run_ids import run_ids
from oracle.search.graph import CellResult, Graph
from oracle.study.base import Study
from oracle.study.declared import reserved_name_problems
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonMapping, JsonObject

FORMAT, VERSION = "scyc-oracle run", 1
MANIFEST, RESULTS = "manifest.json", "results.json"
NETWORK = re.compile(r"checkpoints/([0-9a-f]{2})/(\1[0-9a-f]{62})\.(?:pt|tar)")
_CHUNK = 1 << 20  # bytes read at a time
_RESULTS = TypeAdapter(list[CellResult])


@dataclass(frozen=True)
class Bounds:
    """The largest archive that is read, in bytes, checked before anything is unpacked."""

    whole: int = 64 << 30
    network: int = 4 << 30
    results: int = 1 << 29
    manifest: int = 1 << 26
    files: int = 1_000_000


@dataclass(frozen=True)
class Archive:
    """An archive that has passed every check."""

    run_id: str
    study: Study
    recorded: str  # the study as databases keep it, JSON
    fingerprint: str
    state: str
    results: Mapping[str, CellResult]  # by cell id
    networks: tuple[str, ...]  # names of files in it

    @property
    def graph(self) -> Graph:
        """The graph of the run's cells."""
        return Graph(self.study.system, self.fingerprint)


def manifest_of(
    run_id: str, study: JsonMapping, fingerprint: str, state: str, files: JsonMapping
) -> bytes:
    """Return an archive's first file.

    Args:
        run_id: Id of the run.
        study: Its fields.
        fingerprint: Hash of the images.
        state: Of the run.
        files: Entries of the files, by name.

    Returns:
        JSON.
    """
    content: JsonObject = {"format": FORMAT, "version": VERSION, "run": run_id, "state": state}
    content |= {"fingerprint": fingerprint, "study": study, "files": files}
    return json.dumps(content, indent=1, allow_nan=False).encode()


def results_of(results: Sequence[CellResult]) -> bytes:
    """Return the file of an archive that has the finished training runs, a JSON list.

    Args:
        results: Results of training runs.

    Returns:
        A JSON list of all fields.
    """
    return json.dumps([_plain(asdict(each)) for each in results], allow_nan=False).encode()


def file_entry(content: bytes) -> JsonObject:
    """Return the `bytes` and the `sha256` by which a manifest describes a file.

    Args:
        content: Of the file.

    Returns:
        JSON values.
    """
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@contextlib.contextmanager
def opened_archive(file: Path, bounds: Bounds | None = None) -> Iterator[tuple[Archive, Any]]:
    """Open an archive, after all of it was checked; nothing is written.

    Args:
        file: A ZIP file, perhaps damaged or foreign.
        bounds: Sizes that are allowed.

    Yields:
        What it holds, and a function that returns the content of one of its networks by name.

    Raises:
        BadInput: It is no archive, is damaged, too large, of a newer version, or holds what does
            not belong to its run.
    """
    source = str(file)
    with contextlib.ExitStack() as stack:
        with _reported_errors(source):
            packed = stack.enter_context(zipfile.ZipFile(file))
            checked = _checked(packed, source, bounds or Bounds())

        def content(name: str) -> bytes:
            with _reported_errors(source):
                data = packed.read(name)
            if hashlib.sha256(data).hexdigest() not in name:
                raise _refused(source, name, "was changed while it was read; start again")
            return data

        yield checked, content


@contextlib.contextmanager
def _reported_errors(source: str) -> Iterator[None]:
    """Raise BadInput for what reading a zip file raises."""
    try:
        yield
    except FileNotFoundError as error:
        raise _refused(source, "file", "there is no such file") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise _refused(source, "file", f"is no archive of a run, or is damaged: {error}") from error
    except OSError as error:
        raise _refused(source, "file", f"cannot be read: {error.strerror}") from error


def _checked(packed: zipfile.ZipFile, source: str, bounds: Bounds) -> Archive:
    entries = packed.infolist()
    sizes = {entry.filename: entry.file_size for entry in entries}
    if len(entries) > bounds.files or sum(sizes.values()) > bounds.whole:
        rule = f"holds more than {bounds.files:,} files or {bounds.whole:,} bytes"
        raise _refused(source, "file", rule)
    if len(sizes) != len(entries):
        raise _refused(source, "file", "has two files of one name; it is damaged")
    if MANIFEST not in sizes or sizes[MANIFEST] > bounds.manifest:
        raise _refused(source, "file", f"is no archive of a run: it has no {MANIFEST}")
    manifest = _manifest(_read(packed, MANIFEST, bounds.manifest), source)
    files = _files(manifest, sizes, source, bounds)
    study, run_id = _study(manifest, source)
    for name, known in files.items():
        if _sum(packed, name, known["bytes"]) != known["sha256"]:
            raise _refused(source, name, "is damaged: its sha256 is another; get the file again")
        if (network := NETWORK.fullmatch(name)) and network[2] != known["sha256"]:
            raise _refused(source, name, "is not the network that its name says")
    graph = Graph(study.system, manifest["fingerprint"])
    results = _results(_read(packed, RESULTS, bounds.results), study, graph, source)
    return Archive(
        run_id=run_id,
        study=study,
        recorded=json.dumps(manifest["study"]),
        fingerprint=manifest["fingerprint"],
        state=manifest["state"],
        results=MappingProxyType(results),
        networks=tuple(name for name in files if NETWORK.fullmatch(name)),
    )


def _manifest(content: bytes, source: str) -> JsonObject:
    try:
        manifest = json.loads(content)
    except ValueError as error:
        raise _refused(source, MANIFEST, f"is no JSON: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _refused(source, MANIFEST, "is not that of a run")
    version = manifest.get("version")
    if version != VERSION:
        rule = f"has version {version}, this program reads {VERSION}; use the program that wrote it"
        raise _refused(source, MANIFEST, rule)
    kinds = {"run": str, "state": str, "fingerprint": str, "study": dict, "files": dict}
    wrong = [name for name, kind in kinds.items() if not isinstance(manifest.get(name), kind)]
    if wrong:
        raise _refused(source, f"{MANIFEST}: {wrong[0]}", "is missing, or not what it should be")
    return manifest


def _files(
    manifest: JsonMapping, sizes: Mapping[str, int], source: str, bounds: Bounds
) -> dict[str, JsonObject]:
    """Return what the manifest says of each file: those that there are, and no others."""
    files: dict[str, JsonObject] = manifest["files"]
    for name in sorted(sizes.keys() ^ (files.keys() | {MANIFEST})):
        raise _refused(source, name, "is not in the manifest, or not in the file")
    if RESULTS not in files:
        raise _refused(source, RESULTS, "is missing")
    for name, known in files.items():
        if name != RESULTS and not NETWORK.fullmatch(name):
            raise _refused(source, name, "is no file of a run's")
        most = bounds.results if name == RESULTS else bounds.network
        if not isinstance(known, dict) or known.get("bytes") != sizes[name] or sizes[name] > most:
            raise _refused(source, name, f"has another size than its manifest says, or over {most}")
    return files


def _study(manifest: JsonMapping, source: str) -> tuple[Study, str]:
    """Return the study and the run's id, which is the hash of the study and the images."""
    study = parse(manifest["study"], source, stored=True)
    if problems := reserved_name_problems(study):
        raise BadInput(source, problems)
    run_id = manifest["run"]
    if run_id not in run_ids(study, manifest["fingerprint"]):
        rule = "is not the id of the study and the images that it names; get the file again"
        raise _refused(source, f"{MANIFEST}: run", rule, run_id)
    return study, run_id


def _results(content: bytes, study: Study, graph: Graph, source: str) -> dict[str, CellResult]:
    """Return the results by cell; each is of a cell that the study's searches ask for."""
    try:
        rows = _RESULTS.validate_python(read_json_list(content))
    except (ValueError, ValidationError) as error:
        reason = str(error).partition("\n")[0]
        raise _refused(source, RESULTS, f"does not hold results ({reason})") from error
    results = {each.cell: each for each in rows}
    foreign = results.keys() - requested_cells(study, graph, results)
    if foreign or len(results) != len(rows):
        rule = f"holds {len(foreign)} training runs that its study does not ask for, or one twice"
        raise _refused(source, RESULTS, rule)
    return results


def read_json_list(content: bytes) -> list[Any]:
    """Return the values of a JSON list.

    Args:
        content: Of a file of an archive.

    Returns:
        Its values.

    Raises:
        ValueError: It is no JSON, or no list.
    """
    values = json.loads(content)
    if not isinstance(values, list):
        raise ValueError("it is no list")
    return values


def _read(packed: zipfile.ZipFile, name: str, most: int) -> bytes:
    with packed.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise zipfile.BadZipFile(f"{name} is larger than it says")
    return content


def _sum(packed: zipfile.ZipFile, name: str, size: int) -> str:
    """Return the sha256 of a file of which so many bytes are read at most."""
    digest, left = hashlib.sha256(), size
    with packed.open(name) as file:
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Return JSON values: a number that is not finite as text, which is read as that number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _refused(source: str, path: str, rule: str, value: object = None) -> BadInput:
    return BadInput(source, [Problem(path, rule, value)])
