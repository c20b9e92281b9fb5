"""Knowledge of the activations layers."""
