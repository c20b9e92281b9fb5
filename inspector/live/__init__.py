"""The live path: the only folder that may import Keras or TensorFlow. Runs in worker processes."""
