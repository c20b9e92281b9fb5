"""Knowledge of the image preprocessing layers."""
