"""How much of the WHATWG URL standard's public test data agrees with httpx-urls.

    python benchmarks/url_standard.py path/to/urltestdata.json [--all]

Read are the entries whose input is by itself an absolute http, https, ws or wss URL. An entry agrees if both refuse it, or
all components are equal. The disagreements are counted by kind; `--all` lists each. The data is not ours: it stands in
web-platform-tests, url/resources/urltestdata.json.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import re
import sys
from typing import Any

from httpx_urls import URL, InvalidURL

WEB = re.compile(r"(https?|wss?):", re.IGNORECASE)
TWO_SLASHES = re.compile(r"[a-z]+:[/\\]{2}", re.IGNORECASE)
NAMES = ("protocol", "username", "password", "hostname", "port", "pathname", "search", "hash")
Components = tuple[str, ...]


def is_absolute(entry: dict[str, Any]) -> bool:
    """Say whether the input means the same whatever the base is."""
    text = re.sub(r"[\t\r\n]", "", entry["input"]).strip("".join(map(chr, range(0x21))))
    scheme = WEB.match(text)
    base = str(entry.get("base") or "about:blank")
    return bool(scheme and (TWO_SLASHES.match(text) or base.partition(":")[0] != scheme[1].lower()))


def components(url: URL) -> Components:
    """Return the components of a URL as the test data writes them."""
    user, _, password = url.userinfo.decode("ascii").partition(":")
    path, _, query = url.raw_path.decode("ascii").partition("?")
    port = "" if url.port is None else str(url.port)
    fragment = str(url).partition("#")[2]
    return f"{url.scheme}:", user, password, url.raw_host.decode("ascii"), port, path, query, fragment


def expected(entry: dict[str, Any]) -> Components:
    """Return the components that the standard asks for."""
    values = {name: str(entry[name]) for name in NAMES}
    values["hostname"] = values["hostname"].strip("[]")
    values["search"] = values["search"].removeprefix("?")
    values["hash"] = values["hash"].removeprefix("#")
    return tuple(values.values())


def disagreement(entry: dict[str, Any]) -> str:
    """Say how an entry disagrees; an empty text if it does not."""
    try:
        url = URL(entry["input"])
    except InvalidURL as error:
        return "" if entry.get("failure") else "refused: " + re.sub(r"'[^']*'|\"[^\"]*\"|[0-9]+", "…", str(error))[:60]
    if entry.get("failure"):
        return "accepted"
    pairs = zip(NAMES, components(url), expected(entry), strict=True)
    different = [name for name, ours, theirs in pairs if ours != theirs]
    return f"differs in {', '.join(different)}" if different else ""


def main() -> None:
    """Read the data, and print the share and the disagreements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="list every disagreement")
    options = parser.parse_args()
    entries = [entry for entry in json.loads(options.data.read_text("utf-8")) if isinstance(entry, dict)]
    inputs = {entry["input"]: entry for entry in entries if is_absolute(entry)}
    kinds: dict[str, list[str]] = collections.defaultdict(list)
    for text, entry in inputs.items():
        kinds[disagreement(entry)].append(text)
    agree = len(kinds.pop("", []))
    sys.stdout.write(f"{agree} of {len(inputs)} agree: {agree / len(inputs):.1%}\n")
    for kind, texts in sorted(kinds.items(), key=lambda item: -len(item[1])):
        sys.stdout.write(f"{len(texts):4} {kind}\n")
        for text in texts if options.all else []:
            sys.stdout.write(f"       {text!r}\n")


if __name__ == "__main__":
    main()
