"""Subclassed models in the style of the public Keras examples, small."""
