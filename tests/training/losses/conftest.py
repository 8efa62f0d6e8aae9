"""The reference numbers of the losses, as tensors."""

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def golden(shared):
    archive = np.load(shared / "goldens" / "losses.npz")
    return lambda name: torch.from_numpy(np.asarray(archive[name]))
