"""An evaluation in several processes: of this machine, or as a launcher such as Accelerate's started them.

Processes share nothing but the run's folder: each writes the outcomes of its share into a file of its own there.
"""

from __future__ import annotations

import multiprocessing
import os
from dataclasses import replace
from multiprocessing.queues import Queue
from pathlib import Path
from queue import Empty
from typing import TYPE_CHECKING

from theodolite.errors import TheodoliteError
from theodolite.evaluation.runner import Share, Task, Tell, work
from theodolite.extras import require

if TYPE_CHECKING:
    from accelerate import PartialState

_PATIENCE = 0.2  # seconds between looks at whether all processes are still there


def spread(task: Task, folder: Path, processes: int, tell: Tell | None = None) -> None:
    """A task's images over new processes of this machine. Raises: TheodoliteError, when one of them could not go on."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the runtime's threads in any state
    told: Queue = context.Queue()
    workers = [
        context.Process(
            target=_share, args=(_on_own_device(task, process), folder, Share(process, processes), told), daemon=True
        )
        for process in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        running, ended = processes, False
        while running:
            try:
                outcome = told.get(timeout=_PATIENCE)
            except Empty:
                lost = [worker for worker in workers if worker.exitcode not in (None, 0)]
                if lost or ended:
                    code = (lost or workers)[0].exitcode
                    raise TheodoliteError(
                        f"A process of the evaluation ended with code {code} before its work was done; what was done "
                        "is kept."
                    ) from None
                # Once more, as the last word may just have been said.
                ended = all(worker.exitcode is not None for worker in workers)
                continue
            if isinstance(outcome, Exception):
                raise outcome
            if outcome is None:
                running -= 1
            elif tell:
                tell(outcome)
        for worker in workers:
            worker.join()
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()


def _on_own_device(task: Task, process: int) -> Task:
    """Several graphics cards are taken in turn, where any was asked for."""
    if task.model.device != "cuda":
        return task
    import torch

    cards = max(1, torch.cuda.device_count())
    return replace(task, model=replace(task.model, device=f"cuda:{process % cards}"))


def _share(task: Task, folder: Path, share: Share, told: Queue) -> None:
    try:
        work(task, folder, share, tell=told.put)
    except TheodoliteError as error:
        told.put(TheodoliteError(str(error)))  # others may not survive being sent
    except KeyboardInterrupt:
        return  # the first process was interrupted, too, and says so
    else:
        told.put(None)


def launched() -> PartialState | None:
    """The state of the processes that a launcher started, of which this is one; None when there was none.

    Raises: MissingExtra, when there was one, and Accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return None
    require("accelerate", "train", "Evaluating in processes of a launcher")
    import torch
    from accelerate import PartialState

    # Processes only wait for each other, which the processor can do: so there may be more of them than cards.
    team = PartialState(cpu=True)
    if torch.cuda.is_available():
        torch.cuda.set_device(team.local_process_index % torch.cuda.device_count())
    return team
