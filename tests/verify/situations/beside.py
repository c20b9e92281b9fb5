"""Functions that another file imports: they go with it where it is given as --custom."""

from keras import ops


def tilted(x):
    return x * 0.5 + 0.25


def squared(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)
