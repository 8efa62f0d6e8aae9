"""Averages the weights of networks of which one was trained on from another: often better on new places than either.

Usage:
  python tools/average_models.py OUT.safetensors EARLIER.safetensors=0.4 LATER.safetensors=0.6

Shares are divided by their sum. What the last file says of itself (recipe, data, licence) is said of the result.
Source: Wortsman et al., Robust fine-tuning of zero-shot models (2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", metavar="MODEL=SHARE")
    given = parser.parse_args()
    asked = [(Path(path), float(share)) for path, _, share in (text.rpartition("=") for text in given.models)]
    total = sum(share for _, share in asked)
    with safe_open(asked[-1][0], "pt") as last:
        metadata = last.metadata()
    averaged = {name: torch.zeros_like(weight) for name, weight in load_file(asked[-1][0]).items()}
    for path, share in asked:
        weights = load_file(path)
        if weights.keys() != averaged.keys():
            parser.error(f"{path} is another network than {asked[-1][0]}.")
        for name, weight in weights.items():
            averaged[name] += share / total * weight
    save_file(averaged, given.out, metadata)


if __name__ == "__main__":
    main()
