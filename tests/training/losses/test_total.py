"""The sum of all losses: who is judged by what, and parts that add up to the whole."""

from dataclasses import fields, replace
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
import torch

from theodolite.camera.pinhole import Camera
from theodolite.datasets.sample import LabelKind, Sample, Truth
from theodolite.network.outputs import RawMaps
from theodolite.training.batch import Batch, collate
from theodolite.training.config import LossWeights
from theodolite.training.losses.sequence import step_weights
from theodolite.training.losses.total import Objective

SIZE = (48, 64)
EVERY = LossWeights(ranges=0.3)
NAMES = {field.name for field in fields(LossWeights)}


def sample(number: int, kind: LabelKind, without: tuple[str, ...] = ()) -> Sample:
    """Some hills with a sky above and planes here and there."""
    rng = np.random.default_rng(number)
    v, u = np.mgrid[: SIZE[0], : SIZE[1]]
    depth = (3 + np.sin(u / 9 + number) + np.cos(v / 7)).astype(np.float32)
    depth[:4] = np.nan
    if kind.sparse:
        depth[rng.random(SIZE) < 0.8] = np.nan
    normals = np.stack([np.sin(u / 9) * 0.3, np.cos(v / 7) * 0.3, -np.ones(SIZE)], -1)
    maps = {
        "normals": (normals / np.linalg.norm(normals, axis=-1, keepdims=True)).astype(np.float32),
        "sky": v < 4,
        "planes": np.where(v > 30, 1 + u // 32, 0).astype(np.int32),
    }
    kept = {name: values for name, values in maps.items() if name not in without}
    if "depth" in without:
        depth = np.full_like(depth, np.nan)
    return Sample(np.zeros((*SIZE, 3), np.uint8), Camera.from_focal(60 + 9 * number, 64, 48), depth, **kept, kind=kind)


def collated(samples: list[Sample]) -> Batch:
    """In double precision, so that sums can be compared."""
    batch = collate(samples, 100.0, 0.1, 200.0, seeds=[7 + i for i in range(len(samples))])
    wide = {f.name: getattr(batch, f.name).double() for f in fields(batch) if is_float(getattr(batch, f.name))}
    return replace(batch, **wide)


def is_float(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def estimates(count: int, *, full: bool = False, normals: bool = True) -> list[RawMaps]:
    """What a network might say of `count` samples: two estimates where they live, and the last at full size."""
    generator = torch.Generator().manual_seed(3)
    found = []
    for step in range(3):
        h, w = SIZE if full or step == 2 else (SIZE[0] // 4, SIZE[1] // 4)

        def leaf(channels: int, low: float, high: float, h: int = h, w: int = w) -> torch.Tensor:
            drawn = torch.rand(count, channels, h, w, generator=generator, dtype=torch.float64)
            return (drawn * (high - low) + low).requires_grad_()

        depth, confidence = leaf(1, 2, 6), leaf(1, 0.4, 1)
        if not normals:
            found.append(RawMaps(depth, None, None, confidence))
            continue
        raw = leaf(3, -1, 1)
        unit = torch.nn.functional.normalize(raw, dim=1)
        unit.retain_grad()
        found.append(RawMaps(depth, unit, leaf(1, 1, 20), confidence))
    return found


def part(maps: list[RawMaps], chosen: slice) -> list[RawMaps]:
    def cut(x):
        return None if x is None else x[chosen]

    return [RawMaps(cut(m.canonical_depth), cut(m.normals), cut(m.kappa), cut(m.confidence)) for m in maps]


def piece(batch: Batch, chosen: slice) -> Batch:
    return replace(batch, **{f.name: getattr(batch, f.name)[chosen] for f in fields(batch) if f.name != "rejected"})


def gradients(terms, maps: list[RawMaps]) -> list[torch.Tensor]:
    leaves = [x for m in maps for x in (m.canonical_depth, m.normals, m.kappa, m.confidence) if x is not None]
    found = torch.autograd.grad(sum(terms.values()), leaves, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves, strict=True)]


MIX = [
    sample(0, LabelKind.SYNTHETIC),
    sample(1, LabelKind.LIDAR, ("normals", "planes")),
    sample(2, LabelKind.SFM, ("normals", "planes", "sky")),
    sample(3, LabelKind.SENSOR, ("sky",)),
    sample(4, LabelKind.STEREO, ("depth", "planes")),
]


@pytest.fixture(scope="module")
def batch() -> Batch:
    return collated(MIX)


def test_every_term_is_there_by_its_weight_and_zero_leaves_it_out(batch):
    terms = Objective(EVERY, 200.0)(estimates(5), batch)
    assert terms.keys() == NAMES
    assert all(value.isfinite() and value != 0 for value in terms.values())
    bare = LossWeights(**dict.fromkeys(NAMES, 0.0) | {"depth": 1.0, "angle": 0.5})
    assert Objective(bare, 200.0)(estimates(5), batch).keys() == {"depth", "angle"}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_term_grows_with_its_weight_and_moves_no_other(batch, name):
    once = Objective(EVERY, 200.0)(estimates(5), batch)
    twice = Objective(replace(EVERY, **{name: 2 * getattr(EVERY, name)}), 200.0)(estimates(5), batch)
    for term, value in once.items():
        torch.testing.assert_close(twice[term], value * (2 if term == name else 1))


WANTED = {
    "depth": (0, 1, 3),
    "silog": (0, 1, 3),  # it is half blind to scale, not wholly
    "confidence": (0, 1, 3),
    "gradient": (0,),
    "virtual_normal": (0, 1, 2, 3),
    "proposals": (0, 1, 3),
    "ranges": (0, 1, 3),
    "planes": (0, 3),
    "sky": (0, 1, 4),
    "angle": (0, 3, 4),
    "likelihood": (0, 3, 4),
    "consistency": (0, 1, 2, 3, 4),
}


def test_each_term_learns_from_the_samples_that_have_its_truth(batch):
    objective = Objective(EVERY, 200.0)
    for name, term in objective.terms.items():
        assert tuple(np.flatnonzero(term.counted(batch).numpy())) == WANTED[name], name
    assert dict(zip(objective.terms, objective.counts(batch).tolist(), strict=True)) == {
        name: len(samples) for name, samples in WANTED.items()
    }


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_sample_without_truth_is_left_out_not_counted_as_perfect(batch, name):
    weights = LossWeights(**dict.fromkeys(NAMES, 0.0) | {name: 1.0})
    objective, maps = Objective(weights, 200.0), estimates(5)
    alone = [objective(part(maps, slice(i, i + 1)), piece(batch, slice(i, i + 1)))[name] for i in range(5)]
    wanted = WANTED[name]
    torch.testing.assert_close(objective(maps, batch)[name], sum(alone[i] for i in wanted) / len(wanted))
    assert all(alone[i] == 0 for i in range(5) if i not in wanted)


def test_earlier_estimates_count_less_and_most_terms_judge_the_last_alone(batch):
    maps = estimates(5, full=True)
    all_three, last = (Objective(EVERY, 200.0)(judged, batch) for judged in (maps, maps[-1:]))
    alone = [Objective(EVERY, 200.0)(maps[i : i + 1], batch) for i in range(3)]
    for name in NAMES:
        if name in ("depth", "confidence", "sky", "angle", "likelihood"):
            summed = sum(weight * terms[name] for weight, terms in zip(step_weights(3), alone, strict=True))
            torch.testing.assert_close(all_three[name], summed)
        else:
            torch.testing.assert_close(all_three[name], last[name])


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("cuts", [(0, 1, 2, 3, 4, 5), (0, 2, 5)])
def test_parts_of_a_batch_add_up_to_the_whole(batch, cuts, full):
    objective, maps = Objective(EVERY, 200.0, depth_learns=True), estimates(5, full=full)
    whole = objective(maps, batch)
    counts = objective.counts(batch)
    pieces = [slice(a, b) for a, b in pairwise(cuts)]
    assert torch.equal(sum(objective.counts(piece(batch, p)) for p in pieces), counts)
    parts = [objective(part(maps, p), piece(batch, p), counts) for p in pieces]
    summed = {name: reduce(torch.add, (terms[name] for terms in parts)) for name in whole}
    for name in whole:
        torch.testing.assert_close(summed[name], whole[name], rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(gradients(summed, maps), gradients(whole, maps), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_pictures_with_depth_alone_teach_normals_through_consistency():
    bare = collated([sample(i, LabelKind.SENSOR, ("normals", "sky", "planes")) for i in range(2)])
    maps = estimates(2)
    with torch.no_grad():
        smooth = torch.nn.functional.interpolate(maps[-1].canonical_depth[..., ::12, ::16], SIZE, mode="bilinear")
    maps[-1] = replace(maps[-1], canonical_depth=smooth.requires_grad_())
    terms = Objective(EVERY, 200.0)(maps, bare)
    assert terms["angle"] == terms["likelihood"] == terms["planes"] == terms["sky"] == 0
    normals = maps[-1].normals
    (moved,) = torch.autograd.grad(sum(terms.values()), [normals], retain_graph=True)
    assert (moved != 0).any()
    alone = Objective(LossWeights(**dict.fromkeys(NAMES, 0.0) | {"consistency": 1.0}), 200.0)
    held = alone(maps, bare)["consistency"]
    assert torch.autograd.grad(held, [maps[-1].canonical_depth], allow_unused=True) == (None,)
    both = replace(alone, depth_learns=True)(maps, bare)["consistency"]
    assert (torch.autograd.grad(both, [maps[-1].canonical_depth])[0] != 0).any()


@pytest.mark.parametrize("published", [False, True])
def test_samples_without_any_truth_give_finite_gradients(published):
    empty = collated([sample(i, LabelKind.SENSOR, ("depth", "normals", "sky", "planes")) for i in range(2)])
    assert empty.truth == (Truth(0), Truth(0))
    maps = estimates(2, full=published)
    terms = Objective(EVERY, 200.0, published=published, depth_learns=True)(maps, empty)
    assert all(terms[name] == 0 for name in NAMES - {"consistency"})
    assert all(g.isfinite().all() for g in gradients(terms, maps))


@pytest.mark.parametrize("exact", [False, True])
def test_the_published_forms_run_on_every_mixture(batch, exact):
    maps = estimates(5, full=True)
    if exact:
        # Every estimate is the truth: where roots and logarithms have their poles.
        maps = [
            replace(
                m, canonical_depth=batch.depth.clone().requires_grad_(), normals=batch.normals.clone().requires_grad_()
            )
            for m in maps
        ]
    for published in (True, False):
        objective = Objective(EVERY, 200.0, published=published, depth_learns=True)
        terms = objective(maps, batch)
        assert terms.keys() == NAMES
        assert all(value.isfinite() for value in terms.values())
        assert all(g.isfinite().all() for g in gradients(terms, maps)), published


def test_the_published_likelihood_looks_only_where_depth_is_known(batch):
    maps = estimates(5, full=True)
    weights = LossWeights(**dict.fromkeys(NAMES, 0.0) | {"likelihood": 1.0})
    turned = torch.where(batch.valid, batch.normals, torch.tensor([0.6, 0.0, -0.8]).view(3, 1, 1).double())
    for published in (True, False):
        objective = Objective(weights, 200.0, published=published)
        values = [objective(maps, replace(batch, normals=n))["likelihood"] for n in (batch.normals, turned)]
        assert torch.equal(*values) == published


def test_a_network_without_normals_is_judged_by_depth(batch):
    for published in (False, True):
        maps = estimates(5, full=True, normals=False)[-1:]
        terms = Objective(EVERY, 200.0, published=published, normals=False)(maps, batch)
        assert terms.keys() == NAMES - {"angle", "likelihood", "consistency"}
        assert all(g.isfinite().all() for g in gradients(terms, maps))


def test_what_a_mask_hides_changes_nothing(batch):
    maps = estimates(5, full=True)
    objective = Objective(EVERY, 200.0)
    hidden = torch.where(batch.valid, batch.depth, 77.0)
    normals = torch.where(batch.has_normals, batch.normals, torch.tensor([1.0, 0, 0]).view(3, 1, 1).double())
    other = objective(maps, replace(batch, depth=hidden, normals=normals))
    for name, value in objective(maps, batch).items():
        torch.testing.assert_close(other[name], value, msg=name)
