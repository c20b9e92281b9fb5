"""Tests of the live path: real Keras throughout."""
