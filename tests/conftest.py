"""Fixtures every test may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time: a red run means that the change at hand broke something.
# HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Reference numbers and real frames lie beside a checkout, where their licences allow; they are no part of the project.
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared, with reference numbers and real frames, is absent")
    return SHARED
