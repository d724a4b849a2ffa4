"""The example of a conversation over one stream does what its page says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent.parent / "docs" / "duplex.py"


def test_a_conversation_over_one_stream() -> None:
    done = subprocess.run([sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "one\ntwo\nthree\n" * 2
