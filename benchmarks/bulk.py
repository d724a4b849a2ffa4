"""CPU and memory for large bodies down and up, every client beside every other in one run.

    python benchmarks/bulk.py --peers path/to/python [--size 104857600] [--rounds 3]

`--peers` is an interpreter that has httpx 0.28.1, urllib3 and aiohttp; this one has ours. The rounds are interleaved, and their
medians are compared.
"""

from __future__ import annotations

import argparse
import pathlib
import statistics
import subprocess
import sys

import _places

HERE = pathlib.Path(__file__).parent

# What is shown, the function that does it, and whether a peer's interpreter runs it.
TABLES = {
    "down": [
        ("bare socket", "floor_down", False),
        ("httpx-transport pool", "pool_down", False),
        ("httpx Client", "httpx_down", False),
        ("urllib3", "urllib3_down", True),
        ("httpx 0.28.1 Client", "httpx_down", True),
    ],
    "up": [
        ("bare socket", "floor_up", False),
        ("httpx-transport pool", "pool_up", False),
        ("httpx Client", "httpx_up", False),
        ("urllib3", "urllib3_up", True),
        ("httpx 0.28.1 Client", "httpx_up", True),
    ],
    "down, asyncio": [
        ("asyncio streams", "async_floor_down", False),
        ("httpx-transport pool", "async_pool_down", False),
        ("httpx AsyncClient", "async_httpx_down", False),
        ("aiohttp", "aiohttp_down", True),
        ("httpx 0.28.1 AsyncClient", "async_httpx_down", True),
    ],
    "up, asyncio": [
        ("asyncio streams", "async_floor_up", False),
        ("httpx-transport pool", "async_pool_up", False),
        ("httpx AsyncClient", "async_httpx_up", False),
        ("aiohttp", "aiohttp_up", True),
        ("httpx 0.28.1 AsyncClient", "async_httpx_up", True),
    ],
}


def main() -> None:
    """Measure, and print four tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, help="an interpreter with httpx 0.28.1, urllib3 and aiohttp")
    parser.add_argument("--size", type=int, default=104_857_600)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    _places.for_server()
    with subprocess.Popen([sys.executable, str(HERE / "_bulk_server.py")], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        _places.for_client()
        port = server.stdout.readline().strip()
        try:
            for title, rows in TABLES.items():
                found: dict[str, list[float]] = {name: [] for name, _, _ in rows}
                grown = dict.fromkeys(found, 0.0)
                for _ in range(options.rounds):
                    for name, function, peer in rows:
                        python = options.peers if peer else sys.executable
                        command = [python, str(HERE / "_bulk_contestants.py"), function, port, str(options.size)]
                        seconds, megabytes = map(float, subprocess.check_output(command, text=True).split())
                        found[name].append(seconds)
                        grown[name] = max(grown[name], megabytes)
                spent = {name: statistics.median(values) for name, values in found.items()}
                print(f"\n{f'{options.size >> 20} MiB {title}':30s} ms CPU   x floor   +MB")
                for name, seconds in spent.items():
                    print(f"  {name:26s} {seconds * 1e3:8.0f} {seconds / spent[rows[0][0]]:9.2f} {grown[name]:5.1f}")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
