"""``python -m inspector`` and the script ``kinspect``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    from .cli.output import run

    sys.exit(run())


if __name__ == "__main__":
    main()
