"""Does a model come back from a save as it was? Fingerprints of both sides are compared here, without Keras."""
