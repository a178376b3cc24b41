"""Shopify's own Admin schema, fetched once from its npm package and kept in the data folder.

Used by `make schemas` alone. The package is pinned by version and checksum and is never part of
this repository. Without npm or a network, put the file at the place the message names.
"""

import gzip
import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from graphql import GraphQLSchema, build_client_schema

from returnsbridge.settings import BASE_DIR

PACKAGE = "@shopify/dev-mcp@1.16.0"
SHA256 = "4663c79229028e98f825a09d5f04ec6c3736331b740ce50260f9ffac10709474"
VERSIONS = ("2026-04", "2026-07", "2026-10")
_FOLDER = BASE_DIR / ".data" / "vendor-schemas"
_TARBALL = _FOLDER / "shopify-dev-mcp-1.16.0.tgz"
_WAIT_SECONDS = 120


class SchemaMissing(Exception):
    """The schema cannot be had here; the text says what to do."""


@cache
def introspection(version: str) -> dict:
    """The schema as it was introspected, with the vendor's extra keys."""
    kept = _FOLDER / f"admin_{version}.json.gz"
    if not kept.exists():
        _unpack()
    return json.loads(gzip.decompress(kept.read_bytes()))["data"]


@cache
def schema(version: str) -> GraphQLSchema:
    # The vendor deprecates fields of types whose interfaces keep them, which the library refuses.
    return build_client_schema(introspection(version), assume_valid=True)


def _unpack() -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    if not _TARBALL.exists():
        _fetch()
    found = hashlib.sha256(_TARBALL.read_bytes()).hexdigest()
    if found != SHA256:
        raise SchemaMissing(f"{_TARBALL} is not {PACKAGE}: its SHA-256 is {found}, not {SHA256}.")
    with tarfile.open(_TARBALL) as package:
        for version in VERSIONS:
            member = package.extractfile(f"package/dist/data/admin_{version}.json.gz")
            whole = _FOLDER / f"admin_{version}.json.gz.part"
            whole.write_bytes(member.read())
            whole.rename(whole.with_suffix(""))


def _fetch() -> None:
    """Fetch the package under a name of its own first: two runs may do so at once."""
    npm = shutil.which("npm")
    if npm is None:
        raise SchemaMissing(_how_to("npm is not installed"))
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", folder]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_WAIT_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise SchemaMissing(_how_to(f"`npm pack` failed ({type(error).__name__})")) from error
        (Path(folder) / _TARBALL.name).rename(_TARBALL)


def _how_to(why: str) -> str:
    return (
        f"Shopify's schema is not here and {why}. Run `npm pack {PACKAGE}` where there is a"
        f" network and put the file at {_TARBALL}."
    )
