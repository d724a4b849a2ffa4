"""What holds for the tests of every package: none of them depends on how fast the machine is."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("hypothesis"):  # not every package's tests need it
    from hypothesis import settings

    settings.register_profile("untimed", deadline=None)
    if settings.get_current_profile_name() == "default":
        settings.load_profile("untimed")
