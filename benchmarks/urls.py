"""What URLs cost, in microseconds of one core, beside the peers that can be imported.

    python benchmarks/urls.py [--peers path/to/python] [--count 20000] [--rounds 5]

`--peers` is another interpreter, with httpx 0.28.1, yarl, rfc3986 or furl; this one has httpx-urls. "Fresh" texts have
not been seen before; a "seen" text has. The best of the rounds is shown: what is compared is the work.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

TEXT = "https://api.example.org/v1/users/{}/items?page=2&limit=100#top"
LIBRARIES = {"httpx_urls": "URL", "httpx": "URL", "yarl": "URL", "furl": "furl", "rfc3986": "uri_reference"}
Case = tuple[str, Callable[[], object]]


def best(call: Callable[[], object], count: int, rounds: int) -> float:
    """Return the microseconds of a call, in the best round."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in itertools.repeat(None, count):
            call()
        times.append(time.perf_counter() - start)
    return min(times) / count * 1e6


def cases(make: Any) -> Iterator[Case]:
    """Yield what is measured, by name; what a library does not have fails when it is called."""
    numbers = itertools.count()
    seen = TEXT.format("seen")
    url = make(seen)
    yield "nothing but the fresh text", lambda: TEXT.format(next(numbers))
    yield "parse, fresh", lambda: make(TEXT.format(next(numbers)))
    yield "parse, seen", lambda: make(seen)
    yield "str()", lambda: str(url)
    yield "hash()", lambda: hash(url)
    yield ".host", lambda: url.host
    yield ".netloc", lambda: url.netloc
    yield ".raw_path", lambda: url.raw_path
    yield ".raw", lambda: url.raw
    yield ".origin", lambda: url.origin
    yield ".params", lambda: url.params
    yield "join", lambda: url.join("../orders?page=3")
    yield "copy_with(raw_path=)", lambda: url.copy_with(raw_path=b"/v2/orders?page=3")
    yield "copy_merge_params", lambda: url.copy_merge_params({"page": 3})
    international = TEXT.replace("api", "münchen")
    yield "parse, fresh, international", lambda: make(international.format(next(numbers)))


def measure(library: str, count: int, rounds: int) -> None:
    """Print the table of one library, if it is here."""
    try:
        make = getattr(importlib.import_module(library), LIBRARIES[library])
    except ImportError:
        return
    sys.stdout.write(f"\n{library}\n")
    for name, call in cases(make):
        try:
            call()
        except (AttributeError, TypeError, ValueError):
            continue
        sys.stdout.write(f"  {name:<28} {best(call, count, rounds):8.2f} µs\n")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="another interpreter, with the peers")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for library in LIBRARIES:
        # Where all packages are installed, `httpx` is ours and shows the same type again.
        if library != "httpx" or importlib.util.find_spec("httpx_urls") is None:
            measure(library, options.count, options.rounds)
    if options.peers:
        sys.stdout.flush()
        counts = ["--count", str(options.count), "--rounds", str(options.rounds)]
        subprocess.run([options.peers, __file__, *counts], check=True)


if __name__ == "__main__":
    main()
