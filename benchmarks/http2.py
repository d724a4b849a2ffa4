"""HTTP/2, every client beside every other in one run: CPU for each small GET at 100 and 1,000 at once, and for 100 MB.

    python benchmarks/http2.py --peers path/to/python [--count 10000] [--rounds 3] [--jh2]

`--peers` is an interpreter that has httpx 0.28.1 with h2, httpx2, zapros and niquests; this one has ours. `--jh2` adds our pool over
jh2 in the place of h2, which this interpreter must have then.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import _places

HERE = pathlib.Path(__file__).parent
ROWS = [
    ("httpx-transport pool", "pool", False),
    ("httpx AsyncClient", "httpx", False),
    ("httpx 0.28.1", "httpx", True),
    ("httpx2", "httpx2", True),
    ("zapros", "zapros_async", True),
    ("niquests", "niquests_async", True),
]
JH2_ROWS = [("  over jh2", "pool_jh2", False), ("  over jh2, with hpack", "pool_jh2_hpack", False)]


def main() -> None:
    """Measure, and print three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", required=True, help="an interpreter with the peers")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jh2", action="store_true", help="also ours over jh2")
    options = parser.parse_args()
    rows = ROWS[:1] + (JH2_ROWS if options.jh2 else []) + ROWS[1:]
    trust = tempfile.NamedTemporaryFile(suffix=".pem")  # noqa: SIM115 - it lives as long as the process
    environment = {**os.environ, "SSL_CERT_FILE": trust.name}
    command = [sys.executable, str(HERE / "_http2_server.py"), trust.name]
    _places.for_server()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        _places.for_client()
        small, big, _ = server.stdout.readline().split()
        try:
            for title, port, count, at_once in (
                ("GET, 100 at once, us", small, options.count, 100),
                ("GET, 1,000 at once, us", small, options.count, 1000),
                ("100 MB, ms", big, 0, 1),
            ):
                best: dict[str, float] = {}
                for _ in range(options.rounds):
                    for name, function, peer in rows:
                        python = options.peers if peer else sys.executable
                        command = [
                            python,
                            str(HERE / "_http2_contestants.py"),
                            function,
                            port,
                            str(count),
                            str(at_once),
                        ]
                        done = subprocess.run(
                            command, text=True, capture_output=True, timeout=300, check=False, env=environment
                        )
                        if not done.returncode:
                            best[name] = min(best.get(name, float("inf")), float(done.stdout))
                print(f"\n{title:30s}   CPU   x first")
                for name, _, _ in rows:
                    if name in best:
                        print(f"  {name:26s} {best[name]:8.1f} {best[name] / best[ROWS[0][0]]:7.2f}")
                    else:
                        print(f"  {name:26s}   failed")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
