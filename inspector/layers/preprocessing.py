"""Knowledge of the preprocessing layers."""
