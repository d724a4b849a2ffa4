"""The command line: what is asked for, one request, and the exit code. How a response looks is `_output`'s."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from httpx_client import Client
from httpx_models import HTTPError
from httpx_urls import InvalidURL

from .__about__ import __version__
from ._output import render


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    Args:
        arguments: The words after the command's name; None takes the process's own.

    Returns:
        0 for a response whose status is a success or a redirect, 1 for an error status or no response.

    Raises:
        SystemExit: The words are no command line (exit code 2), or ask for help or the version (0).
    """
    parser = argparse.ArgumentParser(prog="httpx", description="Send an HTTP request, and print the response.")
    parser.add_argument("url", metavar="URL", help="an absolute http:// or https:// URL")
    parser.add_argument("--version", action="version", version=f"httpx-cli {__version__}")
    url: str = parser.parse_args(arguments).url
    try:
        with Client() as client:
            response = client.get(url)
    except (HTTPError, InvalidURL) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    sys.stdout.write(render(response))
    return 1 if response.is_error else 0
