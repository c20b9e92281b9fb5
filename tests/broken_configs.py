"""Configs that are broken everywhere: any value in place of any other."""

__all__ = ["count", "replaced"]


def count(value):
    """How many values a config holds, itself among them."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(count(item) for item in items)


def replaced(value, left, new):
    """The value with its place-th part, counted in depth, replaced."""
    left[0] -= 1
    if left[0] < 0:
        return new if left[0] == -1 else value
    if isinstance(value, dict):
        return {key: replaced(item, left, new) for key, item in value.items()}
    return [replaced(item, left, new) for item in value] if isinstance(value, list) else value
