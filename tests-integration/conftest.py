"""The fixtures of the tests of the whole."""

from __future__ import annotations

import pytest
from faces import Face


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def face(request: pytest.FixtureRequest) -> Face:
    """One way of using the client."""
    return Face(request.param)
