"""The driver of blocking callers."""

from __future__ import annotations

import asyncio

import pytest

from httpx_transport.blocking import run


def test_it_returns_what_the_coroutine_returns() -> None:
    async def answer() -> int:
        return 42

    assert run(answer()) == 42


def test_an_error_comes_through() -> None:
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        run(fail())


def test_a_real_suspension_is_loud_and_names_the_coroutine() -> None:
    closed = []

    async def suspend() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(RuntimeError, match=r"suspend suspended"):
        run(suspend())
    assert closed == [True]
