"""Knowledge of the legacy layers."""
