"""Is each distribution of ours that is installed here made from this tree, and not fetched from an index?

Run as a program it exits with 1 and names the strangers; `--only NAME` also asks that no sibling is installed that NAME
does not depend on.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from importlib import metadata

OURS = ("httpx-urls", "httpx-models", "httpx-transport", "httpx-client", "httpx-cli", "httpx")


def installed() -> dict[str, metadata.Distribution]:
    """Return the distributions of ours that this interpreter sees, by name."""
    found = {}
    for name in OURS:
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def strangers() -> list[str]:
    """Return a line for each installed distribution of ours that did not come from a file:// URL."""
    lines = []
    for name, distribution in installed().items():
        origin = json.loads(distribution.read_text("direct_url.json") or "{}").get("url", "an index")
        if not origin.startswith("file://"):
            lines.append(f"{name} {distribution.version} came from {origin}")
    return lines


def declared_siblings(name: str) -> set[str]:
    """Return the distributions of ours that `name` needs, itself included, as its metadata says."""
    seen: set[str] = set()
    open_names = [name]
    while open_names:
        current = open_names.pop()
        seen.add(current)
        requirements = metadata.requires(current) or []
        siblings = {re.split(r"[^\w.-]", line)[0] for line in requirements if "extra ==" not in line}
        open_names += sorted(siblings & set(OURS) - seen)
    return seen


def main() -> int:
    """Print what is wrong, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME")
    only = parser.parse_args().only
    wrong = strangers()
    if not installed():
        wrong.append("nothing of ours is installed")
    if only and (extra := sorted(set(installed()) - declared_siblings(only))):
        wrong.append(f"{only} pulled in {', '.join(extra)}")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
