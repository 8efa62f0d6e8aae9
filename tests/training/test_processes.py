"""Whole processes: killed at any moment a run ends as one that was not, and many of them learn what one does."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from theodolite.training.resume import load_state
from theodolite.weights import checkpoint

PROGRAM = Path(__file__).with_name("run_walls.py")
STEPS = 8
SECONDS = 500
# Sums are rounded otherwise, and Adam's first steps make as much of a small gradient as of a large one.
ROUNDING = 2e-4


def command(run: Path, *arguments: object, processes: int = 1) -> list[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    told = [str(PROGRAM), str(run), "--steps", STEPS, *arguments]
    return [sys.executable, *(launcher if processes > 1 else []), *map(str, told)]


@contextlib.contextmanager
def started(run: Path, *arguments: object, processes: int = 1) -> Iterator[subprocess.Popen]:
    """A run that goes on in the background; nothing is left of it afterwards."""
    pids = run.with_suffix(".pids")
    shutil.rmtree(pids, ignore_errors=True)
    process = subprocess.Popen(
        command(run, *arguments, processes=processes),
        env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                # A launcher puts its processes into sessions of their own, so each is killed by its number.
                for pid in (process.pid, *(int(path.name) for path in pids.glob("*"))):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)


def trained(run: Path, *arguments: object, processes: int = 1, seconds: float = SECONDS) -> Path:
    """The folder of a run that went to its end."""
    with started(run, *arguments, processes=processes) as process:
        told, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, told
    return run


def states(run: Path) -> set[str]:
    return {path.parent.name for path in run.glob("state-*/position.json")}


def await_state(run: Path, process: subprocess.Popen, before: set[str]) -> None:
    """Wait until the run has saved a state that was not there before."""
    until = time.monotonic() + SECONDS
    while not states(run) - before:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.01)


def killed(run: Path, *arguments: object, delay: float, processes: int = 1) -> Path:
    """The folder of a run that was killed so many seconds after it saved its first state of this session."""
    before = states(run)
    with started(run, *arguments, processes=processes) as process:
        await_state(run, process, before)
        time.sleep(delay)
        assert process.poll() is None, "the run was over before it could be killed"
    return run


def state(run: Path) -> dict[str, torch.Tensor]:
    stored, position = load_state(run)
    assert position.step == STEPS
    return stored


def differing(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> list[str]:
    """Names of tensors that are not the same bits."""
    assert a.keys() == b.keys()
    return [name for name in a if not torch.equal(a[name], b[name])]


def distance(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    """The largest difference between the weights of two states."""
    assert a.keys() == b.keys()
    return max(float((a[name] - b[name]).abs().max()) for name in a if name.startswith(("network.", "average.")))


def model(run: Path) -> dict[str, torch.Tensor]:
    return dict(checkpoint.read(run / f"model-{STEPS:06d}.safetensors").state)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Path:
    """A run of one process, never interrupted."""
    return trained(tmp_path_factory.mktemp("alone") / "run")


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> Path:
    """The same run by two processes with half of each batch."""
    return trained(tmp_path_factory.mktemp("together") / "run", processes=2)


def killed_twice(run: Path, *arguments: object, processes: int = 1) -> Path:
    """The same run, killed twice at a random moment of a step or of saving it, and resumed until its end."""
    chance = random.Random(20)
    killed(run, *arguments, delay=chance.uniform(0, 0.4), processes=processes)
    killed(run, *arguments, "--resume", delay=chance.uniform(0, 0.4), processes=processes)
    return trained(run, *arguments, "--resume", processes=processes)


def test_a_run_killed_twice_ends_with_the_bits_of_one_that_was_not(alone, tmp_path):
    broken = killed_twice(tmp_path / "run")
    assert differing(state(broken), state(alone)) == []
    assert differing(model(broken), model(alone)) == []
    assert any(name.startswith("exp_avg_sq.encoder.") for name in state(alone))


def test_two_processes_learn_what_one_does(alone, together):
    assert distance(state(together), state(alone)) < ROUNDING


@pytest.mark.slow
def test_two_processes_killed_twice_end_with_the_bits_of_two_that_were_not(together, tmp_path):
    broken = killed_twice(tmp_path / "run", processes=2)
    assert differing(state(broken), state(together)) == []
    assert differing(model(broken), model(together)) == []


@pytest.mark.slow
def test_micro_batches_learn_what_whole_batches_do(alone, together, tmp_path):
    assert distance(state(trained(tmp_path / "one", "--micro", 1)), state(alone)) < ROUNDING
    assert distance(state(trained(tmp_path / "two", "--micro", 1, processes=2)), state(together)) < ROUNDING


@pytest.mark.slow
def test_a_network_divided_among_two_processes_learns_what_a_whole_one_does(alone, tmp_path):
    divided = trained(tmp_path / "run", "--fsdp", processes=2)
    assert distance(state(divided), state(alone)) < ROUNDING
    broken = killed_twice(tmp_path / "broken", "--fsdp", processes=2)
    assert differing(state(broken), state(divided)) == []


@pytest.mark.slow
def test_a_run_goes_on_with_another_number_of_processes_and_divided_where_it_was_not(alone, tmp_path):
    for name, arguments, processes in (("one", (), 1), ("divided", ("--fsdp",), 2)):
        run = killed(tmp_path / name, delay=0.1, processes=2)
        assert distance(state(trained(run, "--resume", *arguments, processes=processes)), state(alone)) < ROUNDING


@pytest.mark.slow
def test_readers_in_processes_of_their_own_change_nothing(alone, tmp_path):
    assert differing(state(trained(tmp_path / "run", "--workers", 2)), state(alone)) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_compiled_network_learns_what_a_plain_one_does(alone, tmp_path):
    compiled = trained(tmp_path / "run", "--compile", seconds=1700)
    assert distance(state(compiled), state(alone)) < ROUNDING


@pytest.mark.slow
@pytest.mark.parametrize(("processes", "workers"), [(1, 2), (2, 0)])
def test_told_to_end_all_processes_finish_their_step_and_save(alone, tmp_path, processes, workers):
    run = tmp_path / "run"
    with started(run, "--workers", workers, processes=processes) as process:
        await_state(run, process, set())
        # As Ctrl-C in a terminal does, to readers too; a launcher passes on what tells it to end.
        os.killpg(process.pid, signal.SIGINT if processes == 1 else signal.SIGTERM)
        told, _ = process.communicate(timeout=SECONDS)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in told
    assert "DataLoader worker" not in told
    assert load_state(run)[1].step < STEPS
    trained(run, "--resume", "--workers", workers, processes=processes)
    assert distance(state(run), state(alone)) < ROUNDING


@pytest.mark.slow
def test_a_folder_that_not_all_processes_see_is_refused_by_all_of_them(tmp_path):
    run = trained(tmp_path / "run", "--steps", 2, processes=2)
    with started(run, "--steps", 2, "--resume", "--apart", processes=2) as process:
        told, _ = process.communicate(timeout=SECONDS)
    assert process.returncode != 0
    # The one that sees the folder prints it, too, unless the launcher has ended it by then.
    assert f"{run} has to be on a disk that all of them see." in told or "disk-1 has to be on a disk" in told


@pytest.mark.slow
def test_what_any_process_leaves_out_is_told_in_the_log(tmp_path):
    run = trained(tmp_path / "holes", "--holes", 2, "--steps", 12, processes=2)
    log = [json.loads(text) for text in (run / "log.jsonl").read_text().splitlines()]
    told = [line["rejected"] for line in log if "rejected" in line]
    assert sorted(set(told)) == [f"near: line {number}: depth: gone" for number in (0, 2, 4, 6)]
    assert len(told) == 4
