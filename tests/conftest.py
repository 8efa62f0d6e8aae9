"""Fixtures every test may use."""

from pathlib import Path

import pytest

# Reference numbers and real frames lie beside a checkout, where their licences allow; they are no part of the project.
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared, with reference numbers and real frames, is absent")
    return SHARED
