"""Sound models in the style of Keras's public examples, each close to what some rule looks for: none may fire.

Every public function of these modules takes nothing and returns a model, compiled where the original would be.
"""
