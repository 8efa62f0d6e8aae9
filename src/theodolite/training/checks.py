"""Refusing nonsense in a recipe where it is written."""

from __future__ import annotations


def check(holds: bool, rule: str, found: object) -> None:
    """Raises: ValueError, quoting the rule and what was found."""
    if not holds:
        raise ValueError(f"In a recipe {rule}; got {found!r}.")


def check_probabilities(owner: object, *names: str) -> None:
    for name in names:
        check(0 <= getattr(owner, name) <= 1, f"{name} is a probability", getattr(owner, name))
