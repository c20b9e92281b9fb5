"""Knowledge of the wrappers layers."""
