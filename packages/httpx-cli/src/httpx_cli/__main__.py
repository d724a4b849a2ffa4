"""`python -m httpx_cli` is the `httpx` command."""

import sys

from ._command import main

sys.exit(main())
