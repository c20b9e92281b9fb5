"""Knowledge of the merging layers."""
