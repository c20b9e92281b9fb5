"""Knowledge of the layers that look up, hash or bin values."""
