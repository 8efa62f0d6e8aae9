"""The published checkpoints' names beside ours, one row a tensor, read in both directions.

The published files hold one convolution for each gate of a recurrent cell. Ours share one between the gates that read
the same map, so a published tensor may be some rows of several of ours, side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from theodolite.errors import CheckpointError
from theodolite.network.variants import DPT, ConvNeXt, Hourglass, Variant, ViT

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Piece:
    """One of our tensors or modules; some of its rows, where `rows` says so."""

    name: str
    rows: tuple[int, int] | None = None


@dataclass(frozen=True)
class Row:
    """One published tensor.

    Args:
        names: under which files hold it; should they differ, the last one counts.
        pieces: of ours, which side by side, along dimension 1, make it.
    """

    names: tuple[str, ...]
    pieces: tuple[Piece, ...]
    shape: Shape

    @property
    def is_whole(self) -> bool:
        """Whether it is one of our tensors as it stands."""
        return len(self.pieces) == 1 and self.pieces[0].rows is None


@dataclass(frozen=True)
class _Link:
    """A published module (or single tensor) and ours."""

    names: tuple[str, ...]
    pieces: tuple[Piece, ...]


@lru_cache(maxsize=8)
def table(variant: Variant) -> tuple[Row, ...]:
    """Every published tensor of a variant.

    Raises: CheckpointError, when the variant is none that could have been published.
    """
    shapes = our_shapes(variant)
    rows = tuple(row for link in _links(variant) for row in _rows(link, shapes))
    named = {piece.name for row in rows for piece in row.pieces}
    if nameless := shapes.keys() - named:
        raise CheckpointError(
            f"this network has parts that no published one has, such as {min(nameless)}, so its weights have no "
            "published names. Save them in the project's own format"
        )
    return rows


@lru_cache(maxsize=8)
def our_shapes(variant: Variant) -> Mapping[str, Shape]:
    """Names and shapes of our own state."""
    from theodolite.network.metric3d import skeleton

    return {name: tuple(tensor.shape) for name, tensor in skeleton(variant).state_dict().items()}


def _rows(link: _Link, shapes: Mapping[str, Shape]) -> Iterator[Row]:
    first = link.pieces[0].name
    for leaf in [name.removeprefix(first) for name in shapes if name == first or name.rpartition(".")[0] == first]:
        # Inputs of a recurrent cell have no bias of their own: the cell's is enough.
        pieces = tuple(Piece(p.name + leaf, p.rows) for p in link.pieces if p.name + leaf in shapes)
        yield Row(tuple(name + leaf for name in link.names), pieces, _joint_shape(pieces, shapes))


def _joint_shape(pieces: tuple[Piece, ...], shapes: Mapping[str, Shape]) -> Shape:
    shape = shapes[pieces[0].name]
    if pieces[0].rows:
        start, stop = pieces[0].rows
        shape = (stop - start, *shape[1:])
    if len(pieces) > 1:
        shape = (shape[0], sum(shapes[piece.name][1] for piece in pieces), *shape[2:])
    return shape


def _links(variant: Variant) -> Iterator[_Link]:
    match variant.encoder:
        case ViT():
            encoder = _vit(variant.encoder)
        case ConvNeXt():
            encoder = _convnext(variant.encoder)
        case _:
            encoder = iter(())
    match variant.decoder:
        case DPT():
            decoder = _joint(variant.decoder)
        case Hourglass():
            decoder = _hourglass(variant.decoder)
    for prefix, pairs in ("encoder.", encoder), ("decoder.", decoder):
        for official, ours in pairs:
            names = (official,) if isinstance(official, str) else official
            pieces = (Piece(ours),) if isinstance(ours, str) else ours
            yield _Link(
                tuple(f"depth_model.{prefix}{name}" for name in names),
                tuple(Piece(prefix + piece.name, piece.rows) for piece in pieces),
            )


# Below: (published, ours). Several published names are aliases; several pieces of ours make one published tensor.
_Pairs = Iterator[tuple[str | tuple[str, ...], str | tuple[Piece, ...]]]


def _vit(spec: ViT) -> _Pairs:
    yield "cls_token", "class_token"
    yield "pos_embed", "position.grid"
    yield "register_tokens", "registers"
    yield "mask_token", "mask_token"
    yield "patch_embed.proj", "patch"
    expand, project = ("mlp.w12", "mlp.w3") if spec.gated else ("mlp.fc1", "mlp.fc2")
    for i in range(spec.depth):
        yield f"blocks.0.{i}.norm1", f"blocks.{i}.norm1"
        yield f"blocks.0.{i}.attn.qkv", f"blocks.{i}.attention.qkv"
        yield f"blocks.0.{i}.attn.proj", f"blocks.{i}.attention.out"
        yield f"blocks.0.{i}.ls1.gamma", f"blocks.{i}.scale1"
        yield f"blocks.0.{i}.norm2", f"blocks.{i}.norm2"
        yield f"blocks.0.{i}.{expand}", f"blocks.{i}.ffn.expand"
        yield f"blocks.0.{i}.{project}", f"blocks.{i}.ffn.project"
        yield f"blocks.0.{i}.ls2.gamma", f"blocks.{i}.scale2"
    yield "norm", "norm"


def _convnext(spec: ConvNeXt) -> _Pairs:
    for stage, depth in enumerate(spec.depths):
        for part in range(2):
            yield f"downsample_layers.{stage}.{part}", f"downsample.{stage}.{part}"
        for i in range(depth):
            yield f"stages.{stage}.{i}.gamma", f"stages.{stage}.{i}.gamma"
            yield f"stages.{stage}.{i}.dwconv", f"stages.{stage}.{i}.depthwise"
            yield f"stages.{stage}.{i}.norm", f"stages.{stage}.{i}.norm"
            yield f"stages.{stage}.{i}.pwconv1", f"stages.{stage}.{i}.expand"
            yield f"stages.{stage}.{i}.pwconv2", f"stages.{stage}.{i}.project"


def _joint(spec: DPT) -> _Pairs:
    yield from _tokens()
    yield from _trunk()
    for layer in (0, 2):
        yield f"depth_regressor.{layer}", f"depth_head.{layer}"
    for layer in (0, 2, 4, 6):
        yield f"normal_predictor.{layer}", f"normal_head.{layer}"
    for level, outputs in enumerate(("outputs04", "outputs08", "outputs16")):
        yield from _context(f"context_feature_encoder.{outputs}.0", f"context.hidden.{level}")
        yield from _context(f"context_feature_encoder.{outputs}.1", f"context.context.{level}")
    for level in range(3):
        yield f"context_zqr_convs.{level}", f"context.gates.{level}"
    yield from _update(spec.hidden)


def _tokens() -> _Pairs:
    for tap in range(4):
        yield f"token2feature.read_{tap}.readoper.project_patch", f"neck.readouts.{tap}.patches"
        yield f"token2feature.read_{tap}.readoper.project_learn", f"neck.readouts.{tap}.special"
    yield "token2feature.read_1.sample", "neck.to_fine"
    yield "token2feature.read_0.sample.0", "neck.to_finest"


def _trunk() -> _Pairs:
    for conv in ("conv1", "conv2"):
        yield f"decoder_mono.upconv_3.way_trunk.{conv}", f"trunk.trunk.{conv}"
        for i, upconv in enumerate(("upconv_2", "upconv_1")):
            for way in ("trunk", "branch"):
                yield f"decoder_mono.{upconv}.way_{way}.{conv}", f"trunk.fusions.{i}.{way}.{conv}"
    yield "decoder_mono.upconv_3.out_conv", "trunk.out"
    yield "decoder_mono.upconv_2.out_conv", "trunk.fusions.0.out"
    yield "decoder_mono.upconv_1.out_conv", "trunk.fusions.1.out"


def _context(official: str, ours: str) -> _Pairs:
    for layer in ("conv1", "norm1", "conv2", "norm2"):
        yield f"{official}.0.{layer}", f"{ours}.{layer}"
    yield f"{official}.0.downsample.0", f"{ours}.skip"
    yield (f"{official}.0.norm3", f"{official}.0.downsample.1"), f"{ours}.skip_norm"
    yield f"{official}.1", f"{ours}.out"


def _update(hidden: int) -> _Pairs:
    def rows(index: int) -> tuple[int, int]:
        return index * hidden, (index + 1) * hidden

    for official, ours, inputs in ("gru08", "fine", 1), ("gru16", "middle", 2), ("gru32", "coarse", 1):
        of_hidden = {
            "convz": Piece(f"update.{ours}.gates", rows(0)),
            "convr": Piece(f"update.{ours}.gates", rows(1)),
            "convq": Piece(f"update.{ours}.candidate"),
        }
        for index, (gate, piece) in enumerate(of_hidden.items()):
            of_inputs = (Piece(f"update.{ours}.inputs.{i}", rows(index)) for i in range(inputs))
            yield f"update_block.{official}.{gate}", (piece, *of_inputs)
    yield "update_block.flow_head.conv1d", (Piece("delta.features", rows(0)),)
    yield "update_block.flow_head.conv1n", (Piece("delta.features", rows(1)),)
    yield "update_block.flow_head.conv2d", "delta.depth"
    yield "update_block.flow_head.conv2n", "delta.normal"
    for layer in (0, 2):
        yield f"update_block.mask.{layer}", f"mask.{layer}"


def _hourglass(spec: Hourglass) -> _Pairs:
    for level, (name, conv) in enumerate((("fine", "conv.1"), ("middle", "conv.1"), ("coarse", "conv")), start=1):
        yield f"decoder_mono.upconv_{level}_0.{conv}", f"fusion.{name}.narrow"
        yield f"decoder_mono.upconv_{level}_1.{conv}", f"fusion.{name}.join"
        yield f"decoder_mono.upconv_{level}_1.conv_2", f"fusion.{name}.mix"
    yield from _conv_norm("conv_out_2.conv0", "hourglass.entry")
    for i in range(len(spec.widths) - 1):
        for j in range(2):
            yield from _conv_norm(f"conv_out_2.conv_{i}.{j}", f"hourglass.down.{i}.{j}")
        yield f"conv_out_2.deconv_{i}.0", f"hourglass.up.{i}.conv"
        yield f"conv_out_2.deconv_{i}.1", f"hourglass.up.{i}.norm"
    yield "conv_out_2.prob", "out"
    for layer in (0, 1, 3):
        yield f"depth_regressor_2.{layer}", f"depth_head.{layer}"
    for layer, ours in (0, "entry"), (1, "norm"), (3, "coarse"), (5, "fine"), (7, "out"):
        yield f"conv_up_2.{layer}", f"residual.{ours}"


def _conv_norm(official: str, ours: str) -> _Pairs:
    yield f"{official}.conv", f"{ours}.conv"
    yield f"{official}.bn", f"{ours}.norm"
