"""Knowledge of the reshaping layers."""
