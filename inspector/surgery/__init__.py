"""Submodels cut out of saved models: named in `selection`, cut in `cut`, encoded in `encoding`, written in `write`."""
