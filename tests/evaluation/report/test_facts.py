"""Facts of an evaluation: all that decides it, and no folder of whoever ran it."""

from dataclasses import replace

from theodolite.evaluation.report.facts import counts, facts, reason_shown, shown_command, told_failures
from theodolite.evaluation.scores import ImageFailure


def test_facts_tell_model_protocol_data_and_program(evaluation, task):
    found = dict(facts(evaluation))
    assert found["model"] == "wall <model>"
    assert found["licence of its weights"] == "not stated"
    assert found["run by"] == "stand-in"
    assert found["network input"] == "about 4096 px, sides multiples of 32 px"
    assert found["data"] == task.data.name
    assert found["protocol"].startswith("community: truth 0.1 to 80 m")
    assert found["program"].startswith("theodolite ")
    assert "SHA-256 of its weights begins" not in found  # they are in no file
    assert "pixels without a prediction" not in found


def test_a_departure_from_the_protocol_is_told(evaluation):
    settings = evaluation.settings | {"unknown_is_far": True}
    assert dict(facts(replace(evaluation, settings=settings)))["pixels without a prediction"].endswith("the range")


def test_a_function_in_a_file_is_told_without_its_folder(evaluation):
    settings = evaluation.settings | {"model": {"model": "flat", "function": "/home/me/models/mine.py:flat"}}
    assert dict(facts(replace(evaluation, settings=settings)))["function"] == "mine.py:flat"


def test_a_command_keeps_its_words_but_not_the_folders_of_its_paths():
    command = "theodolite evaluate '/home/me/my model.safetensors' kitti --data /data/KITTI --farthest 50"
    assert shown_command(command) == "theodolite evaluate 'my model.safetensors' kitti --data KITTI --farthest 50"
    relative = "theodolite evaluate pocket frames --data data/mine"
    assert shown_command(relative) == relative
    assert shown_command("an open 'quote") == "an open 'quote"


def test_counts_tell_how_many_of_those_listed_were_scored(evaluation):
    assert counts(evaluation) == "4 of 5 images in 2 groups"
    assert counts(replace(evaluation, listed=4)) == "4 images in 2 groups"


def test_reasons_begin_at_the_folder_of_the_data(evaluation, task):
    assert reason_shown(evaluation, f"{task.data}/a/b.png: no") == f"{task.data.name}/a/b.png: no"
    relative = replace(evaluation, settings=evaluation.settings | {"data": "."})
    assert reason_shown(relative, "a/b.png: no.") == "a/b.png: no."


def test_failures_are_told_up_to_a_number(evaluation):
    lines, more = told_failures(evaluation)
    assert lines[0].startswith("points & <lines>/lost: ")
    assert more == 0
    for number in range(200):
        evaluation.collected.add(ImageFailure(f"{number}", "", "no"))
    lines, more = told_failures(evaluation)
    assert len(lines) == 200
    assert more == 1
