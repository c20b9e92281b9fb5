"""Knowledge of the pooling layers."""
