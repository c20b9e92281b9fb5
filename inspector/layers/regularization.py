"""Knowledge of the regularization layers."""
