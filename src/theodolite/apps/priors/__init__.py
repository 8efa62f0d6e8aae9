"""Priors for NeRF and Gaussian splatting: depth, normals, confidence masks and an initial cloud for posed pictures."""

from theodolite.apps.priors.make import make_priors
from theodolite.apps.priors.settings import ALIGNMENTS, TARGETS, Settings

__all__ = ["ALIGNMENTS", "TARGETS", "Settings", "make_priors"]
