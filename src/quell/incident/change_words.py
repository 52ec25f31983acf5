"""A change in words."""

from __future__ import annotations


def say_change(action: str, service: str, *, of: str = "") -> str:
    """
    Return what an action does to a service: `roll back payment`; `restart orders` also of an action `restart_orders`.

    Args:
        of: a word between the two, where the service is not in the action's name already.
    """
    words = action.replace("_", " ")
    own = service.replace("_", " ").replace("-", " ")
    if f" {own} " in f" {words.replace('-', ' ')} ":
        return words
    return f"{words} {of} {service}" if of else f"{words} {service}"
