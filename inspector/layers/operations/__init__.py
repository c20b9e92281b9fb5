"""Knowledge of operations: `keras.ops` calls in a functional graph, and the TensorFlow calls of Keras 2.

A family is one file. An operation's configuration holds its constructor's arguments; a call's arguments are
tensors (`Spec`), stored tensors (`Constant`) and plain Python values, as Keras's own ``call`` takes them.
"""
