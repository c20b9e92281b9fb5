"""Knowledge of the rnn layers."""
