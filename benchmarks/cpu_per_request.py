"""CPU per small GET on a kept connection, every client beside every other in one run.

    python benchmarks/cpu_per_request.py --peers path/to/python [--count 10000] [--rounds 5] [--repeating]

`--peers` is an interpreter that has httpx 0.28.1, urllib3 and aiohttp; this one has ours. The rounds are interleaved, and the
medians are compared: what it costs to be woken differs from process to process, so one lucky round says little.
With `--repeating` the head of each response is the last one's, which a connection does not read again.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import subprocess
import sys

import _places

HERE = pathlib.Path(__file__).parent

# What is shown, the function that does it, whether a peer's interpreter runs it, and what it is compared with.
SYNC = [
    ("bare socket", "floor_sync", False),
    ("httpx-transport pool", "pool_sync", False),
    ("httpx Client.get", "httpx_sync", False),
    ("urllib3", "urllib3_sync", True),
    ("httpx 0.28.1 Client.get", "httpx_sync", True),
]
ASYNC = [
    ("bare asyncio", "floor_async", False),
    ("httpx-transport pool", "pool_async", False),
    ("httpx AsyncClient.get", "httpx_async", False),
    ("aiohttp", "aiohttp_async", True),
    ("httpx 0.28.1 AsyncClient.get", "httpx_async", True),
]


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, help="an interpreter with httpx 0.28.1, urllib3 and aiohttp")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeating", action="store_true", help="let all responses have the same head")
    options = parser.parse_args()
    _places.for_server()
    serve = [sys.executable, str(HERE / "_server.py"), *(["--repeating"] if options.repeating else [])]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        _places.for_client()
        port = server.stdout.readline().strip()
        try:
            for title, rows, rival in (("sync", SYNC, "urllib3"), ("asyncio, 100 at once", ASYNC, "aiohttp")):
                found: dict[str, list[float]] = {name: [] for name, _, _ in rows}
                for _ in range(options.rounds):
                    for name, function, peer in rows:
                        python = options.peers if peer else sys.executable
                        command = [python, str(HERE / "_contestants.py"), function, port, str(options.count)]
                        found[name].append(float(subprocess.check_output(command, text=True)))
                print(f"\n{title:32s}  us CPU     least   x floor   x {rival}")
                median = {name: statistics.median(values) for name, values in found.items()}
                floor = median[rows[0][0]]
                for name, value in median.items():
                    least = min(found[name])
                    print(f"  {name:30s} {value:7.1f} {least:9.1f} {value / floor:9.2f} {value / median[rival]:9.2f}")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
