"""Short ways to say what a model is called with, and to find a line by what stands in it."""

from pathlib import Path

from inspector.live.recovery import InputSpec, spec_from_shapes


def inputs(*shapes, fixed_batch=False, **named):
    """Shapes, nested as they come, to an InputSpec."""
    return InputSpec(
        tuple(spec_from_shapes(shape) for shape in shapes),
        {name: spec_from_shapes(shape) for name, shape in named.items()},
        fixed_batch,
    )


def line_of(module, text):
    """The number of the one line of a module's source that holds the text."""
    lines = Path(module.__file__).read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1) if text in line]
    assert len(found) == 1, f"{text!r} stands on lines {found}"
    return found[0]


def codes(reasons):
    """The codes in order."""
    return [reason.code for reason in reasons]


def size(recovery):
    """(nodes, edges) of the structure."""
    return len(recovery.structure.nodes), len(recovery.structure.edges)
