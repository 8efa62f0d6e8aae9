"""Entry points for torch.hub, named and called as those of the reference implementation.

torch.hub.load("theodolite-vision/theodolite", "metric3d_vit_small", pretrain=True)
"""

import pathlib  # not `from pathlib import Path`: torch.hub takes every public callable here for an entry point
import sys

dependencies = ["torch", "numpy", "jaxtyping", "safetensors", "huggingface_hub"]

# A checkout is not installed. Once the package is known, its modules are found without the path.
_SOURCE = str(pathlib.Path(__file__).resolve().parent / "src")
sys.path.insert(0, _SOURCE)
try:
    import theodolite.weights  # noqa: F401 (makes the package known)
finally:
    sys.path.remove(_SOURCE)


def _entry(name):
    def entry(pretrain=False, **unknown):
        if unknown:
            # The reference ignores what it does not know, and `pretrained=True` gives a network with random weights.
            raise TypeError(f"metric3d_{name} takes `pretrain` and nothing else; got {', '.join(map(repr, unknown))}.")
        from theodolite.weights import hub

        return hub.load(name.replace("_", "-"), pretrain)

    entry.__name__ = f"metric3d_{name}"
    entry.__doc__ = f"""Metric3D v2, {name}; call `.inference({{"input": pixels}})`.

    Args:
        pretrain: with the published weights, fetched when absent, once their licence situation is accepted
            (THEODOLITE_ACCEPT_LICENSE=1); else random ones.
    """
    return entry


metric3d_convnext_tiny = _entry("convnext_tiny")
metric3d_convnext_large = _entry("convnext_large")
metric3d_vit_small = _entry("vit_small")
metric3d_vit_large = _entry("vit_large")
metric3d_vit_giant2 = _entry("vit_giant2")
