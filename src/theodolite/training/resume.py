"""The state of a run on disk: whole or absent, enough to go on as if nothing had happened."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from theodolite.errors import CheckpointError
from theodolite.network import Metric3D
from theodolite.training.config import Recipe
from theodolite.training.optim import MovingAverage
from theodolite.weights.atomic import writing

STATE = "state.pt"
RECIPE = "recipe.json"


@dataclass
class Position:
    """Where a run is.

    Args:
        step: steps done.
        seconds: of training so far, in all sessions, validation left out.
        progress: share of the run that is over; the learning rate follows it.
        skipped, skipped_in_a_row: steps whose loss or gradient was not finite.
    """

    step: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    skipped: int = 0
    skipped_in_a_row: int = 0


def save_state(
    run: Path, net: Metric3D, average: MovingAverage, optim: torch.optim.Optimizer, position: Position
) -> None:
    """Everything that a step depends on; the recipe lies beside it."""
    state = {
        "network": net.state_dict(),
        "average": average.state,
        "optimiser": optim.state_dict(),
        "position": asdict(position),
    }
    with writing(run / STATE) as temporary:
        torch.save(state, temporary)


def load_state(run: Path, net: Metric3D, average: MovingAverage, optim: torch.optim.Optimizer) -> Position:
    """Put network, average and optimiser back, and say where the run was.

    Raises: CheckpointError, when there is nothing to resume, or it is damaged.
    """
    path = run / STATE
    if not path.is_file():
        raise CheckpointError(f"{run} holds no {STATE} to resume from; start the run without --resume.")
    try:
        state = torch.load(path, weights_only=True)
        net.load_state_dict(state["network"])
        average.state = state["average"]
        optim.load_state_dict(state["optimiser"])
        return Position(**state["position"])
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError) as error:
        raise CheckpointError(f"{path} is damaged, or of another recipe: {error}") from error


def write_recipe(run: Path, recipe: Recipe) -> None:
    """The recipe as a result, for people and for `require_same_recipe`."""
    with writing(run / RECIPE) as temporary:
        temporary.write_text(json.dumps(recipe.to_dict(), indent=1) + "\n")


def require_same_recipe(run: Path, recipe: Recipe) -> None:
    """Raises: CheckpointError, naming the numbers that differ from those the run was started with."""
    try:
        stored = json.loads((run / RECIPE).read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{run / RECIPE} cannot be read: {error}") from error
    wanted = json.loads(json.dumps(recipe.to_dict()))
    different = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
    if different:
        raise CheckpointError(
            f"{run} was started with another recipe (it differs in {', '.join(different)}); "
            "start a new run in another folder."
        )
