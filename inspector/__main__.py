"""``python -m inspector`` and the script ``kinspect``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    gc.disable()  # a short process that builds few cycles: collecting costs it a tenth of its time
    from .cli.output import run

    sys.exit(run())


if __name__ == "__main__":
    main()
