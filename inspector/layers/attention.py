"""Knowledge of the attention layers."""
