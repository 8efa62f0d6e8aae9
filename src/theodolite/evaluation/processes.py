"""An evaluation in several processes: of this machine, or as a launcher such as Accelerate's started them.

Processes share nothing but the run's folder: each writes the outcomes of its share into a file of its own there.
"""

from __future__ import annotations

import multiprocessing
import os
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
        context.Process(target=_share, args=(task, folder, Share(process, processes), told), daemon=True)
        for process in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        running = processes
        while running:
            try:
                outcome = told.get(timeout=_PATIENCE)
            except Empty:
                if lost := [worker for worker in workers if worker.exitcode not in (None, 0)]:
                    raise TheodoliteError(
                        f"A process of the evaluation ended with code {lost[0].exitcode}; what was done is kept."
                    ) from None
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
    from accelerate import PartialState

    return PartialState(cpu=not os.environ.get("CUDA_VISIBLE_DEVICES"))
