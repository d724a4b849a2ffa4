"""One rule of the contract: its name, its words, and the scenario that shows whether a transport keeps it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeAlias

from ._subject import BrokenRule, NotOffered, Port, Subject

Scenario: TypeAlias = Callable[[Subject], Awaitable[None]]


class Rule(NamedTuple):
    """One rule of the contract."""

    name: str
    text: str
    """The rule in a sentence."""
    scenario: Scenario
    number: int = 0
    """Its number in the contract; what is optional has none."""

    def __str__(self) -> str:
        return f"rule {self.number}, {self.name}" if self.number else f"option {self.name}"

    async def judge(self, port: Port, deadline: float) -> bool:
        """Return whether a transport keeps the rule; False where it does not offer what is optional.

        Raises:
            BrokenRule: It does not keep it.
        """
        subject = Subject(port, deadline / 2)
        try:
            try:
                await self.scenario(subject)
            finally:
                await subject.finish()
            subject.judge_requests()
        except NotOffered:
            return False
        except BrokenRule as broken:
            raise self.broken(str(broken)) from broken.__cause__
        except Exception as error:
            raise self.broken(f"it raised {type(error).__qualname__}: {error}") from error
        return True

    def broken(self, how: str) -> BrokenRule:
        """Return the error that says how it is broken."""
        return BrokenRule(f"{self} is broken: {self.text} But: {how}")

    def broken_by_waiting(self, deadline: float) -> BrokenRule:
        """Return the error for a check that does not end."""
        return self.broken(f"there was no end after {deadline} seconds.")


def rule(text: str) -> Callable[[Any], Rule]:
    """Return a decorator that makes a rule of a scenario.

    Args:
        text: The rule in a sentence.
    """

    def decorate(scenario: Any) -> Rule:
        return Rule(scenario.__name__.removeprefix("_"), text, scenario)

    return decorate
