"""What users do today: load a saved model with Keras and plot it to SVG."""

import sys

import keras

model = keras.saving.load_model(sys.argv[1], compile=False)
keras.utils.plot_model(model, sys.argv[2], show_shapes=True, show_layer_names=True, expand_nested=True)
