"""Starts: DINOv2 backbones under either kind of names, checkpoints that go on learning, and what cannot."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from theodolite.errors import CheckpointError, TheodoliteError
from theodolite.network import VARIANTS, build
from theodolite.network.variants import DPT, Bins, ConvNeXt, Hourglass, Variant, ViT, find
from theodolite.training.model import new_network
from theodolite.training.recipes import finetune, kitti, pocket_lite
from theodolite.training.start import LOW_RANK_RATE, fine_tune, open_start
from theodolite.weights import checkpoint

DEPTH, DIM = 3, 32
TINY = Variant(
    ViT(dim=DIM, depth=DEPTH, heads=2, ffn=64, registers=4, positions=5), DPT((8, 16, 32, 32), hidden=8), steps=1
)
TINY_GATED = replace(TINY, encoder=replace(TINY.encoder, gated=True))


def dinov2(*, chunked: bool = False, registers: bool = True, gated: bool = False) -> dict[str, torch.Tensor]:
    """A backbone as its authors publish it: tensors of a block hold its number, all others a hundred."""
    feed = {"w12": (128, DIM), "w3": (DIM, 64)} if gated else {"fc1": (64, DIM), "fc2": (DIM, 64)}
    matrices = {"attn.qkv": (3 * DIM, DIM), "attn.proj": (DIM, DIM)} | {f"mlp.{n}": s for n, s in feed.items()}
    block = {f"{name}.weight": shape for name, shape in matrices.items()}
    block |= {f"{name}.bias": shape[:1] for name, shape in matrices.items()}
    block |= {f"norm{i}.{leaf}": (DIM,) for i in (1, 2) for leaf in ("weight", "bias")}
    block |= {f"ls{i}.gamma": (DIM,) for i in (1, 2)}
    others = {
        "cls_token": (1, 1, DIM),
        "pos_embed": (1, 26, DIM),
        "mask_token": (1, DIM),
        "patch_embed.proj.weight": (DIM, 3, 14, 14),
        "patch_embed.proj.bias": (DIM,),
        "norm.weight": (DIM,),
        "norm.bias": (DIM,),
    }
    if registers:
        others["register_tokens"] = (1, 4, DIM)
    found = {name: torch.full(shape, 100.0) for name, shape in others.items()}
    for number in range(DEPTH):
        chunk = f"{number // 2}." if chunked else ""
        found |= {f"blocks.{chunk}{number}.{name}": torch.full(s, float(number)) for name, s in block.items()}
    return found


def saved(path: Path, tensors: dict[str, torch.Tensor]) -> Path:
    torch.save(tensors, path)
    return path


@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("registers", [False, True])
def test_a_dinov2_backbone_finds_every_place_of_the_encoder(tmp_path, chunked, registers, gated):
    path = saved(tmp_path / "backbone.pth", dinov2(chunked=chunked, registers=registers, gated=gated))
    variant = TINY_GATED if gated else TINY
    start = open_start(path, variant)
    assert (start.origin, start.licence) == ("backbone.pth", "Apache-2.0")
    wanted = {f"encoder.{name}" for name in build(variant).encoder.state_dict()}
    assert wanted - start.state.keys() == (set() if registers else {"encoder.registers"})
    assert start.state.keys() <= wanted
    for name, tensor in start.state.items():
        number = int(name.split(".")[2]) if ".blocks." in name else 100
        assert (tensor == number).all(), name
    build(variant).load_state_dict(start.state, strict=False)


def test_a_backbone_of_another_size_is_refused_naming_what_does_not_fit(tmp_path):
    path = saved(tmp_path / "backbone.pth", dinov2())
    with pytest.raises(CheckpointError, match=r"does not fit: cls_token is \(1, 1, 32\), where \(1, 1, 384\)"):
        open_start(path, "vit-small")
    deeper = replace(TINY, encoder=replace(TINY.encoder, depth=4))
    with pytest.raises(CheckpointError, match=r"blocks\.3\..* is nothing, where"):
        open_start(path, deeper)
    with pytest.raises(CheckpointError):
        open_start(path, "pocket-lite0")


def test_a_run_starts_from_what_the_file_holds_and_draws_the_rest(tmp_path, monkeypatch):
    monkeypatch.setitem(VARIANTS, "tiny", TINY)
    start = open_start(saved(tmp_path / "b.pth", dinov2()), "tiny")
    recipe = replace(
        pocket_lite(), variant="tiny", start="given", canvases=((56, 56),), canvas_shares=(1.0,), thawed=None
    )
    net = new_network(recipe, start)
    assert (net.encoder.blocks[2].attention.qkv.weight == 2).all()
    assert torch.equal(net.decoder.trunk.out.weight, new_network(recipe, start).decoder.trunk.out.weight)
    with pytest.raises(TheodoliteError, match="goes on from weights, and none were given"):
        new_network(recipe)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A checkpoint of the pocket network, nothing learnt."""
    path = tmp_path_factory.mktemp("model") / "mine.safetensors"
    state = new_network(replace(pocket_lite(), start="random")).state_dict()
    facts = {"licence": "CC-BY-4.0", "canvas_pixels": str(64 * 96)}
    checkpoint.write(path, state, "pocket-lite0", 432.0, facts)
    return path


@pytest.mark.parametrize(
    ("mode", "thawed", "frozen", "lora"), [("full", None, 0.0, 0), ("decoder", 0, 0.0, 0), ("lora", 0, 0.0, 5)]
)
def test_a_fine_tune_fits_its_recipe_to_the_network(model, mode, thawed, frozen, lora):
    fitted = fine_tune(str(model), finetune(), mode, rank=5)
    recipe = fitted.recipe
    assert (recipe.variant, recipe.canonical_focal, recipe.start) == ("pocket-lite0", 432.0, "given")
    assert (recipe.thawed, recipe.frozen, recipe.lora) == (thawed, frozen, lora)
    depth = find("pocket-lite0").decoder.depth
    assert (recipe.near, recipe.far) == (depth.near, depth.far)
    assert recipe.canvas_pixels == 64 * 96
    assert recipe.canvases == ((64, 96),)
    assert (fitted.start.origin, fitted.start.licence) == ("mine.safetensors", "CC-BY-4.0")
    net = new_network(recipe, fitted.start)
    learning = [name for name, p in net.encoder.named_parameters() if p.requires_grad]
    assert bool(learning) == (mode != "decoder")
    assert all(p.requires_grad for p in net.decoder.parameters())
    stored = checkpoint.read(model).state
    assert torch.equal(net.decoder.trunk.out.weight, stored["decoder.trunk.out.weight"])


def _written(path: Path, name: str) -> str:
    checkpoint.write(path, build(name).state_dict(), name, 1000.0, {"canvas_pixels": "5000"})
    return str(path)


def test_a_benchmarks_fine_tune_keeps_its_canvas_where_the_network_can_take_it(tmp_path, model, monkeypatch):
    monkeypatch.setitem(VARIANTS, "tiny", TINY)
    recipe = fine_tune(_written(tmp_path / "tiny.safetensors", "tiny"), kitti()).recipe
    assert (recipe.canvases, recipe.canvas_pixels) == (((616, 1064),), 616 * 1064)
    assert fine_tune(str(model), kitti()).recipe.canvases == ((64, 96),)


def test_a_fine_tune_of_an_hourglass_learns_from_the_depths_that_it_can_express(tmp_path, monkeypatch):
    hourglass = Hourglass(fusion=(8, 16, 24), widths=(8, 6, 4, 2), features=16, bins=Bins(8, 0.3, 150.0))
    convnext = ConvNeXt(widths=(4, 8, 12, 16), depths=(1, 1, 1, 1))
    monkeypatch.setitem(VARIANTS, "tiny", Variant(convnext, hourglass))
    recipe = fine_tune(_written(tmp_path / "tiny.safetensors", "tiny"), finetune()).recipe
    assert (recipe.near, recipe.far) == (0.3, 150.0)


def test_low_rank_updates_learn_at_a_rate_of_their_own(model):
    rates = {mode: fine_tune(str(model), finetune(), mode).recipe for mode in ("full", "lora")}
    assert rates["full"].rate_encoder == finetune().rate_encoder
    assert rates["lora"].rate_encoder == LOW_RANK_RATE >= 10 * finetune().rate_decoder
    assert rates["lora"].rate_decoder == finetune().rate_decoder


def test_a_fine_tunes_canvas_may_be_given(model):
    assert fine_tune(str(model), kitti(), canvas=(96, 320)).recipe.canvases == ((96, 320),)
    with pytest.raises(ValueError, match="multiples of 32"):
        fine_tune(str(model), kitti(), canvas=(90, 320))


def test_a_checkpoint_starts_a_run_of_its_variant_alone(model):
    assert open_start(model, "pocket-lite0").licence == "CC-BY-4.0"
    with pytest.raises(CheckpointError, match="holds pocket-lite0, where vit-small was expected"):
        open_start(model, "vit-small")


def test_onnx_files_run_but_do_not_learn():
    with pytest.raises(CheckpointError, match=r"is an ONNX file, which runs but cannot learn\. Fine-tune a"):
        fine_tune("pocket", finetune())


def test_unknown_modes_and_networks_outside_the_table_are_refused(model, tmp_path):
    with pytest.raises(TheodoliteError, match="one of full, decoder, lora, got 'half'"):
        fine_tune(str(model), finetune(), "half")
    row = replace(find("pocket-lite0"), steps=1)
    path = tmp_path / "custom.safetensors"
    checkpoint.write(path, checkpoint.read(model).state, row, 300.0)
    with pytest.raises(CheckpointError, match="not in the table of variants"):
        fine_tune(str(path), finetune())


def test_a_licence_that_nobody_stated_is_called_that(model, tmp_path):
    path = tmp_path / "bare.safetensors"
    checkpoint.write(path, checkpoint.read(model).state, "pocket-lite0", 300.0)
    assert fine_tune(str(path), finetune()).start.licence == "none stated"
