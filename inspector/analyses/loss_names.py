"""Keras's losses, metrics and optimizers: the words that name them, and what each loss makes of a prediction."""

from __future__ import annotations

BY_SHAPE = ("accuracy", "crossentropy")  # Keras chooses the class by the shapes of labels and predictions
LOSSES = {
    "mse": "MeanSquaredError", "MSE": "MeanSquaredError", "mean_squared_error": "MeanSquaredError",
    "mae": "MeanAbsoluteError", "MAE": "MeanAbsoluteError", "mean_absolute_error": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError", "MAPE": "MeanAbsolutePercentageError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError", "MSLE": "MeanSquaredLogarithmicError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "kld": "KLDivergence", "KLD": "KLDivergence", "kl_divergence": "KLDivergence",
    "kullback_leibler_divergence": "KLDivergence",
    "bce": "BinaryCrossentropy", "BCE": "BinaryCrossentropy", "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "categorical_generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
    "logcosh": "LogCosh", "log_cosh": "LogCosh", "huber": "Huber", "huber_loss": "Huber", "hinge": "Hinge",
    "squared_hinge": "SquaredHinge", "categorical_hinge": "CategoricalHinge", "poisson": "Poisson",
    "cosine_similarity": "CosineSimilarity", "cosine_proximity": "CosineSimilarity", "dice": "Dice",
    "tversky": "Tversky", "ctc": "CTC", "circle": "Circle", "crossentropy": "crossentropy", "ce": "crossentropy",
}  # fmt: skip
METRIC_CLASSES = (
    "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "SparseCategoricalAccuracy", "TopKCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy", "AUC", "FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives",
    "Precision", "PrecisionAtRecall", "Recall", "RecallAtPrecision", "SensitivityAtSpecificity",
    "SpecificityAtSensitivity", "ConcordanceCorrelation", "PearsonCorrelation", "F1Score", "FBetaScore", "IoU",
    "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU", "LogCoshError", "R2Score", "RootMeanSquaredError",
    "MeanRelativeError", "Mean", "Sum",
)  # fmt: skip
METRICS = {
    **LOSSES, "acc": "accuracy", "accuracy": "accuracy", "binary_accuracy": "BinaryAccuracy",
    "categorical_accuracy": "CategoricalAccuracy", "sparse_categorical_accuracy": "SparseCategoricalAccuracy",
    "top_k_categorical_accuracy": "TopKCategoricalAccuracy", "auc": "AUC", "f1_score": "F1Score",
    "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy", "precision": "Precision",
    "recall": "Recall", "root_mean_squared_error": "RootMeanSquaredError", "r2_score": "R2Score",
    **{name: name for name in METRIC_CLASSES},
}  # fmt: skip
OPTIMIZERS = {
    "sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW", "adadelta": "Adadelta", "adagrad": "Adagrad",
    "adamax": "Adamax", "nadam": "Nadam", "ftrl": "Ftrl", "adafactor": "Adafactor", "lion": "Lion", "lamb": "Lamb",
    "muon": "Muon", "schedulefreeadamw": "ScheduleFreeAdamW", "multioptimizer": "MultiOptimizer",
    "lossscaleoptimizer": "LossScaleOptimizer",
    "lossscaleoptimizerv3": "LossScaleOptimizerV3",
}  # fmt: skip
CATEGORICAL = frozenset(
    {"CategoricalCrossentropy", "SparseCategoricalCrossentropy", "CategoricalFocalCrossentropy"}
)  # a class out of several: a softmax
BINARY = frozenset({"BinaryCrossentropy", "BinaryFocalCrossentropy"})  # each unit a question of its own: a sigmoid
# A distance between numbers. Poisson and the like, which take logarithms of the prediction, are none.
DISTANCES = frozenset(
    {"MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "Huber",
     "LogCosh"}
)  # fmt: skip
# Those that take the logarithm, or a power, of a prediction between 0 and 1.
OF_PROBABILITIES = CATEGORICAL | BINARY | {"crossentropy", "CategoricalGeneralizedCrossEntropy"}
ACCURACIES = frozenset(name for name in METRICS.values() if name.lower().endswith("accuracy"))

__all__ = [
    "ACCURACIES", "BINARY", "BY_SHAPE", "CATEGORICAL", "DISTANCES", "LOSSES", "METRICS", "METRIC_CLASSES",
    "OF_PROBABILITIES", "OPTIMIZERS",
]  # fmt: skip
