"""Averages the weights of networks of which one was trained on from another: often better on new places than either.

Usage:
  python tools/average_models.py OUT.safetensors EARLIER.safetensors=0.4 LATER.safetensors=0.6

Shares are divided by their sum. What the last file says of itself (recipe, data, licence) is said of the result.
Source: Wortsman et al., Robust fine-tuning of zero-shot models (2022).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", metavar="MODEL=SHARE")
    given = parser.parse_args()
    paths, shares = zip(*(text.rpartition("=")[::2] for text in given.models), strict=True)
    shares = [float(share) for share in shares]
    networks = [load_file(path) for path in paths]
    for path, network in zip(paths, networks, strict=True):
        if network.keys() != networks[-1].keys():
            parser.error(f"{path} is another network than {paths[-1]}.")
    averaged = {
        name: sum(share / sum(shares) * network[name] for share, network in zip(shares, networks, strict=True))
        for name in networks[-1]
    }
    with safe_open(paths[-1], "pt") as last:
        metadata = last.metadata()
    save_file(averaged, given.out, metadata)


if __name__ == "__main__":
    main()
