"""What runs a network: one small interface, one file for each runtime."""

from theodolite.inference.backends.base import Backend, ModelFacts

__all__ = ["Backend", "ModelFacts"]
