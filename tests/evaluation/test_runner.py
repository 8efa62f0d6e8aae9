"""A model through a benchmark: resumed, in any number of processes, always the same result."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from theodolite.errors import OutputError, TheodoliteError
from theodolite.evaluation.estimate import Estimate
from theodolite.evaluation.journal import Journal
from theodolite.evaluation.models import ModelChoice
from theodolite.evaluation.protocols import find_protocol
from theodolite.evaluation.runner import Listener, Task, evaluate, stored
from theodolite.evaluation.saved import save_estimate

SIZE = (48, 64)
# A model in a file of its own, as other processes have to be able to import it.
MODEL = """
import numpy as np


def brightness(image, camera):
    \"\"\"Metres: the picture's red channel, tenths, ten per cent too long.\"\"\"
    return image[..., 0].astype(np.float32) / 10 * 1.1


def broken(image, camera):
    raise RuntimeError("no memory left")


def holes(image, camera):
    depth = brightness(image, camera)
    depth[:4] = np.nan
    return depth
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two sets of pictures whose red channel is their depth in tenths of a metre; one depth file is broken."""
    generator = np.random.default_rng(0)
    for name, count in (("a", 5), ("b", 3)):
        files = []
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(count):
            tenths = generator.integers(10, 90, SIZE).astype(np.uint8)
            Image.fromarray(np.stack([tenths] * 3, axis=-1)).save(tmp_path / "data" / name / f"{number}.png")
            Image.fromarray(tenths.astype(np.uint16) * 100).save(tmp_path / "data" / name / f"{number}_d.png")
            files.append(
                {
                    "rgb": f"{number}.png",
                    "depth": f"{number}_d.png",
                    "depth_scale": 1000,
                    "cam_in": [60, 60, 31.5, 23.5],
                }
            )
        (tmp_path / "data" / name / "frames.json").write_text(json.dumps({"files": files}))
    (tmp_path / "data" / "b" / "2_d.png").write_bytes(b"no picture")
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


@pytest.fixture
def task(folder) -> Task:
    return Task(ModelChoice(f"{folder / 'model.py'}:brightness"), find_protocol("frames"), folder / "data")


class Heard(Listener):
    def __init__(self):
        self.total, self.known, self.changed, self.names = 0, 0, 0, []

    def begin(self, images, done, changed):
        self.total, self.known, self.changed = images, done, changed

    def outcome(self, outcome):
        self.names.append(outcome.name)


def test_every_image_is_scored_or_told(task, tmp_path):
    found = evaluate(task, tmp_path / "run")
    assert (found.listed, len(found.collected.names), found.missing) == (8, 7, 0)
    assert found.overall.depth["full", "metric"]["abs_rel"] == pytest.approx(0.1, abs=1e-6)
    assert found.overall.depth["full", "median"]["abs_rel"] == pytest.approx(0, abs=1e-6)
    (failure,) = found.collected.failures
    assert failure.name == "b/2"
    assert "2_d.png" in failure.reason


def test_a_run_that_is_repeated_does_only_what_failed(task, tmp_path):
    evaluate(task, tmp_path / "run")
    heard = Heard()
    evaluate(task, tmp_path / "run", listener=heard)
    assert (heard.total, heard.known, heard.names) == (8, 7, ["b/2"])


def test_a_file_that_was_mended_is_scored_the_next_time(task, folder, tmp_path):
    evaluate(task, tmp_path / "run")
    (folder / "data/b/2_d.png").write_bytes((folder / "data/b/1_d.png").read_bytes())
    found = evaluate(task, tmp_path / "run")
    assert len(found.collected.names) == 8
    assert not found.collected.failures


def test_a_run_cut_short_goes_on_to_the_same_result(task, tmp_path):
    whole = evaluate(task, tmp_path / "whole")

    class Cut(Listener):
        def outcome(self, outcome):
            if outcome.name == "a/2":
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(task, tmp_path / "cut", listener=Cut())
    assert Journal(tmp_path / "cut").done().keys() == {"a/0", "a/1", "a/2"}
    unfinished = stored(tmp_path / "cut")
    assert unfinished.missing == 5
    assert same(evaluate(task, tmp_path / "cut"), whole)


def test_a_prediction_that_changed_is_scored_again(task, folder, tmp_path):
    saved = tmp_path / "saved"
    for listed in task.examples()[:7]:
        save_estimate(saved, listed.name, Estimate(listed.load().depth * 1.1))
    of_saved = replace(task, model=ModelChoice(str(saved)))
    evaluate(of_saved, tmp_path / "run", processes=2)
    save_estimate(saved, "a/1", Estimate(task.examples()[1].load().depth * 1.3))
    heard = Heard()
    found = evaluate(of_saved, tmp_path / "run", listener=heard)
    assert (heard.known, heard.changed, sorted(heard.names)) == (6, 1, ["a/1", "b/2"])
    head, rows = found.per_image()
    column = head.index("full/metric/abs_rel")
    errors = {row[0]: row[column] for row in rows}
    assert errors["a/1"] == pytest.approx(0.3, abs=1e-5)
    assert errors["a/0"] == pytest.approx(0.1, abs=1e-5)


def test_files_that_are_called_by_the_picture_alone_are_found_where_that_tells_them(task, folder, tmp_path):
    saved = tmp_path / "saved"
    for listed in task.examples()[3:5]:  # a/3 and a/4; there are no b/3 and b/4
        save_estimate(saved, listed.name.partition("/")[2], Estimate(listed.load().depth))
    save_estimate(saved, "0", Estimate(np.ones(SIZE)))  # of a/0 or of b/0?
    found = evaluate(replace(task, model=ModelChoice(str(saved))), tmp_path / "run")
    assert found.collected.names == ["a/3", "a/4"]


def test_a_process_that_ends_early_is_told(task, tmp_path):
    model = Path(task.model.words.rpartition(":")[0])
    model.write_text("import os\n\n\ndef gone(image, camera):\n    os._exit(0)\n")
    with pytest.raises(TheodoliteError, match="ended with code 0 before its work was done"):
        evaluate(replace(task, model=ModelChoice(f"{model}:gone")), tmp_path / "run", processes=2)


@pytest.mark.parametrize("processes", [2, 3])
def test_any_number_of_processes_gives_the_same_result(task, tmp_path, processes):
    heard = Heard()
    found = evaluate(task, tmp_path / "many", processes=processes, listener=heard)
    assert sorted(heard.names) == sorted([*found.collected.names, "b/2"])
    assert same(found, evaluate(task, tmp_path / "one"))


def test_the_embedded_model_gives_the_same_result_in_any_number_of_processes(shared, tmp_path):
    task = Task(ModelChoice("pocket"), find_protocol("frames"), shared / "data/nyu_dining_5", most=3)
    runs = [evaluate(task, tmp_path / str(count), processes=count) for count in (1, 2)]
    assert same(*runs)


def same(first, second) -> bool:
    """But for the seconds that the model took."""

    def document(run):
        head, rows = run.per_image()
        table = [dict(zip(head, row, strict=True)) | {"seconds": 0} for row in rows]
        return json.dumps([run.document(), table])

    return document(first) == document(second)


def test_a_process_that_cannot_open_its_model_ends_the_run_with_the_reason(folder, tmp_path):
    # Opened in the first process, and gone when the others look for it.
    (folder / "model.py").write_text(MODEL + "import os\nassert os.environ.get('THE_FIRST')\n")
    task = Task(ModelChoice(f"{folder / 'model.py'}:brightness"), find_protocol("frames"), folder / "data")
    code = (
        "import os, pickle, sys\nfrom pathlib import Path\nfrom theodolite.evaluation.runner import evaluate\n"
        "import multiprocessing\n"
        "if __name__ == '__main__':\n"
        "    os.environ['THE_FIRST'] = '1'\n"
        f"    task = pickle.loads({__import__('pickle').dumps(task)!r})\n"
        "    model = task.model.open()\n"
        "    del os.environ['THE_FIRST']\n"
        "    from theodolite.evaluation import processes\n"
        "    from theodolite.errors import TheodoliteError\n"
        "    from theodolite.evaluation.journal import Journal\n"
        f"    Journal(Path({str(tmp_path / 'run')!r})).begin({{'images': 8}})\n"
        "    try:\n"
        f"        processes.spread(task, Path({str(tmp_path / 'run')!r}), 2)\n"
        "    except TheodoliteError as error:\n"
        "        print('TOLD', error)\n"
    )
    (tmp_path / "run_it.py").write_text(code)
    done = subprocess.run([sys.executable, str(tmp_path / "run_it.py")], capture_output=True, text=True, timeout=120)
    assert "TOLD" in done.stdout, done.stderr


def test_a_model_that_raises_fails_image_by_image(task, folder, tmp_path):
    broken = replace(task, model=ModelChoice(f"{folder / 'model.py'}:broken"))
    found = evaluate(broken, tmp_path / "run")
    assert found.overall is None
    assert len(found.collected.failures) == 8
    assert all("no memory left" in failure.reason for failure in found.collected.failures if failure.name != "b/2")


def test_holes_are_told_and_spoil_the_mean_unless_they_are_taken_for_far(task, folder, tmp_path):
    holes = replace(task, model=ModelChoice(f"{folder / 'model.py'}:holes"))
    found = evaluate(holes, tmp_path / "fail")
    assert np.isnan(found.overall.depth["full", "metric"]["abs_rel"])
    assert found.overall.unknown == (pytest.approx(4 / 48), 7)
    far = evaluate(replace(holes, unknown_is_far=True), tmp_path / "far")
    assert far.overall.depth["full", "metric"]["abs_rel"] > 0.5


def test_another_run_into_the_same_folder_is_refused_or_begins_anew(task, tmp_path):
    evaluate(task, tmp_path / "run")
    other = replace(task, protocol=task.protocol.changed(farthest=5))
    with pytest.raises(OutputError, match="protocol"):
        evaluate(other, tmp_path / "run")
    found = evaluate(other, tmp_path / "run", overwrite=True)
    assert found.protocol.range == (0.1, 5)
    assert found.protocol.name.endswith("(changed: farthest 5)")


def test_a_function_whose_file_was_changed_is_another_model(task, folder, tmp_path):
    evaluate(task, tmp_path / "run")
    (folder / "model.py").write_text(MODEL.replace("1.1", "1.2"))
    with pytest.raises(OutputError, match="model"):
        evaluate(task, tmp_path / "run")


def test_only_so_many_images_are_spread_over_all(task, tmp_path):
    found = evaluate(replace(task, most=3), tmp_path / "run")
    assert found.collected.names == ["a/0", "a/4"]
    assert found.listed == 3


def test_a_random_choice_is_the_same_every_time(task):
    drawn = replace(task, protocol=replace(task.protocol, sample=(4, 100)))
    names = [listed.name for listed in drawn.examples()]
    assert names == [listed.name for listed in drawn.examples()]
    assert len(set(names)) == 4
    # What random.seed(100) and random.sample(range(8), 4) give, in that order.
    assert [int(name[-1]) + 5 * (name[0] == "b") for name in names] == [2, 3, 6, 1]


def test_what_was_run_can_be_typed_again(task, folder):
    changed = replace(task, protocol=task.protocol.changed(farthest=5), unknown_is_far=True, most=2)
    words = changed.command()
    assert words.startswith("theodolite evaluate ")
    assert "--farthest 5" in words
    assert "--unknown far --most 2" in words


def test_a_stored_run_is_read_without_its_data(task, folder, tmp_path):
    found = evaluate(task, tmp_path / "run")
    (folder / "data").rename(folder / "gone")
    again = stored(tmp_path / "run")
    assert again.document()["parts"] == found.document()["parts"]


def test_a_run_in_processes_of_a_launcher_is_the_same(task, folder, tmp_path):
    whole = evaluate(task, tmp_path / "one")
    out = tmp_path / "launched"
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    words = ["evaluate", task.model.words, "frames", "--data", str(task.data), "--out", str(out), "--no-report"]
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "theodolite", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert (out / "outcomes-1.jsonl").exists(), done.stderr
    assert same(stored(out), stored(tmp_path / "one"))
    assert done.stdout.count("| depth ") == 1
    assert whole.listed == 8


def test_an_interrupt_leaves_what_is_done_and_no_process(task, tmp_path):
    slow = Path(task.model.words.rpartition(":")[0])
    slow.write_text(
        MODEL
        + "\n\ndef slow(image, camera):\n    import time\n    time.sleep(0.3)\n    return brightness(image, camera)\n"
    )
    out = tmp_path / "run"
    command = [sys.executable, "-m", "theodolite", "evaluate", f"{slow}:slow", "frames", "--data", str(task.data)]
    process = subprocess.Popen(
        [*command, "--out", str(out), "--processes", "2", "--no-report"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    while not any(path.stat().st_size for path in out.glob("outcomes-*")) and process.poll() is None:
        pass
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130, complaint
    assert "Traceback" not in complaint
    assert Journal(out).done()
    assert len(Journal(out).done()) < 7
