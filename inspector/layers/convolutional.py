"""Knowledge of the convolutional layers."""
