"""What users do today: load a saved model with Keras and print its summary."""

import sys

import keras

keras.saving.load_model(sys.argv[1], compile=False).summary()
