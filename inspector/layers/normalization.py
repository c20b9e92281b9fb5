"""Knowledge of the normalization layers."""
