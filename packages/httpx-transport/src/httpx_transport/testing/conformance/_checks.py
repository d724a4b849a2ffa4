"""The rules as checks that can be called, one by one or all together."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Final, NamedTuple, TypeAlias, TypeVar

from ...blocking import run
from ...interface import AsyncTransport, Transport
from . import _answering, _lasting, _offering, _sending
from ._rules import Rule
from ._subject import AsyncPort, BlockingPort, BrokenRule

MakeTransport: TypeAlias = Callable[[], Transport]
MakeAsyncTransport: TypeAlias = Callable[[], AsyncTransport]

DEADLINE: Final = 10.0
"""Seconds that a check may take. Its servers wait for half of that; the timeouts that it asks for are much shorter."""


class _NamedCheck:
    """What both kinds of checks are.

    Args:
        rule: The rule.

    Attributes:
        name: The rule's name.
        rule: The rule in a sentence.
        optional: Whether a transport may do without.
    """

    __slots__ = ("_rule", "name", "optional", "rule")

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self.name = rule.name
        self.rule = rule.text
        self.optional = not rule.number

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"


class Check(_NamedCheck):
    """Checks one rule on a blocking transport; call it. It has a `name` and a `rule`, and is `optional` or not."""

    __slots__ = ()

    def __call__(self, make_transport: MakeTransport, *, deadline: float = DEADLINE) -> bool:
        """Return whether the transport keeps the rule; False where it does not offer what is optional.

        It runs in a thread of its own, which is left behind where it does not end.

        Args:
            make_transport: Returns a fresh transport; the check closes it.
            deadline: Seconds that the check may take.

        Raises:
            BrokenRule: It does not keep it; the message names the rule, and says how.
        """
        end: Future[bool] = Future()

        def work() -> None:
            try:
                end.set_result(run(self._rule.judge(BlockingPort(make_transport()), deadline)))
            except BaseException as error:  # noqa: BLE001 - told to whoever waits for this thread
                end.set_exception(error)

        thread = threading.Thread(target=work, name=str(self._rule), daemon=True)
        thread.start()
        thread.join(deadline)
        if not end.done():
            raise self._rule.broken_by_waiting(deadline)
        return end.result()


class AsyncCheck(_NamedCheck):
    """Checks one rule on an asynchronous transport; call it, and await the result. Otherwise as `Check`."""

    __slots__ = ()

    async def __call__(self, make_transport: MakeAsyncTransport, *, deadline: float = DEADLINE) -> bool:
        """Return whether the transport keeps the rule, as `Check` does.

        Args:
            make_transport: Returns a fresh transport; the check closes it.
            deadline: Seconds that the check may take.

        Raises:
            BrokenRule: It does not keep it; the message names the rule, and says how.
        """
        import anyio

        with anyio.move_on_after(deadline):
            return await self._rule.judge(AsyncPort(make_transport()), deadline)
        raise self._rule.broken_by_waiting(deadline)


class Report(NamedTuple):
    """What a transport that breaks no rule does."""

    kept: list[str]
    """The names of the rules and options that it keeps."""
    not_offered: list[str]
    """The names of the options that it does not have."""

    def __str__(self) -> str:
        return f"{len(self.kept)} rules kept; not offered: {', '.join(self.not_offered) or 'nothing'}"


def check_transport(make_transport: MakeTransport, *, deadline: float = DEADLINE) -> Report:
    """Check every rule on a blocking transport; return what it does.

    Args:
        make_transport: Returns a fresh transport; each check makes one, and closes it.
        deadline: Seconds that one check may take.

    Raises:
        BrokenRule: It breaks some; the message has a line for each.
    """

    async def judge(check: Check) -> bool:
        return check(make_transport, deadline=deadline)

    return run(_report(CHECKS, judge))


async def check_async_transport(make_transport: MakeAsyncTransport, *, deadline: float = DEADLINE) -> Report:
    """Check every rule on an asynchronous transport, in the running event loop; return what it does.

    Args:
        make_transport: Returns a fresh transport; each check makes one, and closes it.
        deadline: Seconds that one check may take.

    Raises:
        BrokenRule: It breaks some; the message has a line for each.
    """

    async def judge(check: AsyncCheck) -> bool:
        return await check(make_transport, deadline=deadline)

    return await _report(ASYNC_CHECKS, judge)


C = TypeVar("C", bound=_NamedCheck)


async def _report(checks: Iterable[C], judge: Callable[[C], Awaitable[bool]]) -> Report:
    report = Report([], [])
    broken: list[str] = []
    for check in checks:
        try:
            (report.kept if await judge(check) else report.not_offered).append(check.name)
        except BrokenRule as error:
            broken.append(str(error))
    if broken:
        raise BrokenRule("\n".join([f"{len(broken)} broken:", *broken]))
    return report


_REQUIRED: Final = (*_sending.RULES, *_answering.RULES, *_lasting.RULES)
_RULES: Final = (*(rule._replace(number=number) for number, rule in enumerate(_REQUIRED, 1)), *_offering.RULES)

CHECKS: Final = tuple(Check(rule) for rule in _RULES)
"""The checks of blocking transports, in the order of the contract."""

ASYNC_CHECKS: Final = tuple(AsyncCheck(rule) for rule in _RULES)
"""The checks of asynchronous transports, in the same order."""
