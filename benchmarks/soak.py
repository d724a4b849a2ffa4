"""A soak: requests with mixed faults, and what they leave behind in memory and open descriptors.

    python benchmarks/soak.py [--count 100000] [--plot benchmarks/soak.svg]

Blocking and asyncio clients, over HTTP/1.1 and HTTP/2, take turns in one process against a server in another, which resets,
truncates, delays, closes and refuses as the path of each request says. Each response must hold the number of its request,
and each fault must raise an error of the httpx tree. It needs the extra `http2`, and Linux for the measurements.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import gc
import os
import pathlib
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable

from _faulty_server import HTTP1_FAULTS, HTTP2_FAULTS, MUST_FAIL, content

import httpx

HERE = pathlib.Path(__file__).parent
AT_ONCE = 20
Sample = tuple[int, float, int]  # requests so far, megabytes, open descriptors


class Tally:
    """Counts outcomes, and checks each.

    Args:
        ports: The server's port for HTTP/1.1, and that for HTTP/2.
    """

    def __init__(self, ports: list[int]) -> None:
        self.counts: collections.Counter[str] = collections.Counter()
        self._ports = ports
        self._random = random.Random(1)
        self._number = 0

    def next(self, http2: bool) -> tuple[str, str, bytes]:
        """Return the next fault, its URL, and the content of a complete response."""
        fault = self._random.choice(HTTP2_FAULTS if http2 else HTTP1_FAULTS)
        self._number += 1
        number = f"{self._number:09}"
        return fault, f"http://127.0.0.1:{self._ports[http2]}/{fault}/{number}", content(fault, number.encode())

    def check(self, fault: str, expected: bytes, result: httpx.Response | httpx.TransportError, shared: bool) -> None:
        """Count an outcome.

        Args:
            fault: What the server was asked for.
            expected: The content of a complete response.
            result: What came of the request.
            shared: Whether the connection carried others, whose faults may have ended this request.

        Raises:
            AssertionError: It is the response to another request, or an error where there must be none, or none where
                there must be one.
        """
        if isinstance(result, httpx.Response):
            assert fault not in MUST_FAIL, f"{fault} was not noticed: {result}"
            assert result.content == expected, f"{fault}: {result.content[:40]!r} instead of {expected[:40]!r}"
            self.counts["responses"] += 1
        else:
            assert fault in MUST_FAIL or shared, f"{fault} failed: {result!r}"
            self.counts[type(result).__name__] += 1


def blocking(client: httpx.Client, tally: Tally, http2: bool, count: int) -> None:
    """Send so many requests, one after the other."""
    for _ in range(count):
        fault, url, expected = tally.next(http2)
        try:
            result: httpx.Response | httpx.TransportError = client.get(url)
        except httpx.TransportError as error:
            result = error
        tally.check(fault, expected, result, shared=False)


async def awaiting(client: httpx.AsyncClient, tally: Tally, http2: bool, count: int) -> None:
    """Send so many requests, twenty at once."""

    async def worker(times: int) -> None:
        for _ in range(times):
            fault, url, expected = tally.next(http2)
            try:
                result: httpx.Response | httpx.TransportError = await client.get(url)
            except httpx.TransportError as error:
                result = error
            tally.check(fault, expected, result, shared=http2)

    await asyncio.gather(*(worker(count // AT_ONCE) for _ in range(AT_ONCE)))


def sample(done: int) -> Sample:
    """Return what this process holds now, without garbage."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as file:
        megabytes = int(file.read().split()[1]) * resource.getpagesize() / 1e6
    return done, megabytes, len(os.listdir("/proc/self/fd"))


async def soak(count: int, tally: Tally) -> list[Sample]:
    """Send `count` requests in fifty rounds, each with all four clients, and measure after each."""
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    samples = []
    rounds = 50
    part = max(AT_ONCE, count // rounds // 4 // AT_ONCE * AT_ONCE)
    start = time.monotonic()
    with (
        httpx.Client(timeout=30, limits=limits, trust_env=False) as plain,
        httpx.Client(timeout=30, limits=limits, trust_env=False, http1=False, http2=True) as plain2,
    ):
        async with (
            httpx.AsyncClient(timeout=30, limits=limits, trust_env=False) as awaited,
            httpx.AsyncClient(timeout=30, limits=limits, trust_env=False, http1=False, http2=True) as awaited2,
        ):
            for number in range(1, rounds + 1):
                blocking(plain, tally, False, part)
                blocking(plain2, tally, True, part)
                await awaiting(awaited, tally, False, part)
                await awaiting(awaited2, tally, True, part)
                samples.append(sample(number * 4 * part))
                done, megabytes, descriptors = samples[-1]
                seconds = time.monotonic() - start
                print(f"{done:8} requests {megabytes:7.1f} MB {descriptors:4} descriptors {seconds:6.0f} s", flush=True)
    return samples


def plot(samples: list[Sample]) -> str:
    """Return the samples as an SVG with two curves, each from zero to a little above its largest value."""
    width, height, left, bottom = 640, 300, 50, 40
    last = samples[-1][0]
    curves = []
    columns: list[tuple[str, str, Callable[[Sample], float]]] = [
        ("memory, MB", "#1f77b4", lambda one: one[1]),
        ("open descriptors", "#d62728", lambda one: one[2]),
    ]
    for place, (label, colour, value) in enumerate(columns):
        top = max(value(one) for one in samples) * 1.2
        points = " ".join(
            f"{left + one[0] / last * (width - 2 * left):.1f},{(height - bottom) * (1 - value(one) / top):.1f}"
            for one in samples
        )
        text = f"{label}: {value(samples[0]):.0f} first, {value(samples[-1]):.0f} last"
        curves.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        curves.append(f'<text x="{left + 10 + place * 280}" y="{height - bottom - 10}" fill="{colour}">{text}</text>')
    axes = f'<path d="M{left} 0V{height - bottom}H{width - left}" fill="none" stroke="black"/>'
    caption = f'<text x="{left}" y="{height - 12}">0 to {last:,} requests; both curves start at zero</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">'
        f'<rect width="{width}" height="{height}" fill="white"/>{axes}{"".join(curves)}{caption}</svg>\n'
    )


def main() -> None:
    """Run the server and the soak; print the samples and the outcomes, and write the plot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--plot", type=pathlib.Path)
    arguments = parser.parse_args()
    with subprocess.Popen(
        [sys.executable, str(HERE / "_faulty_server.py")], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            tally = Tally([int(port) for port in server.stdout.readline().split()])
            samples = asyncio.run(soak(arguments.count, tally))
        finally:
            server.terminate()
    print(*(f"{name}: {number}" for name, number in sorted(tally.counts.items())), sep="\n")
    if arguments.plot is not None:
        arguments.plot.write_text(plot(samples))


if __name__ == "__main__":
    main()
