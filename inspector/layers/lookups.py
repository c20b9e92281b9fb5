"""Knowledge of the layers that turn values into indices: lookups, hashing, bins, and their encodings."""

from __future__ import annotations

from typing import Any

from ..knowledge import Example, Knowledge, NotKnown, Spec, Subject, whole

FLOATX = "float32"
COLUMN, ROW = ((None, 1),), ((None, 6),)
WORDS = {"vocabulary": ["a", "b", "c"]}
WEIGHED = {**WORDS, "idf_weights": [1.0, 2.0, 3.0]}
NUMBERS = {"vocabulary": [3, 5, 7]}
ENCODINGS = ("one_hot", "multi_hot", "count")


def encoded(layer: Subject, inputs: Spec, mode: str, depth: int | None, dtype: str) -> Spec:
    """Indices as vectors: one for each element (``one_hot``), else one for each sample along the last axis."""
    single = inputs.rank > 1 and inputs.shape[-1] == 1
    if mode == "one_hot" and not single:
        return layer.spec((*inputs.shape, depth), dtype)
    return layer.spec((*inputs.shape[:-1], depth), dtype)


def mode_of(layer: Subject, default: str = "int") -> str:
    """The output mode, with the name that Keras 2 first gave to ``multi_hot``."""
    mode = layer.get("output_mode") or default
    return {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)


def names_dtype(layer: Subject) -> bool:
    """Whether the config is of Keras 2, which writes a dtype by its name where Keras 3 writes a policy."""
    return isinstance(layer.get("dtype"), str)


def examples_of(kind: str, config: dict[str, Any], modes: tuple[str, ...], dtype: str) -> tuple[Example, ...]:
    """Each output mode on a column and on a row of values."""
    return tuple(
        Example(kind, {**config, "output_mode": mode}, inputs, dtype=dtype)
        for mode in modes
        for inputs in (COLUMN, ROW)
    )


class CategoryEncoding(Knowledge):
    """Indices as vectors of ``num_tokens`` entries."""

    kinds = ("CategoryEncoding",)
    examples = (
        *examples_of("CategoryEncoding", {"num_tokens": 4}, ENCODINGS, "int32"),
        Example("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, ((None,),), dtype="int32"),
        Example("CategoryEncoding", {"num_tokens": 4}, ROW, {"count_weights": None}, dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        depth = layer.get("num_tokens", layer.get("max_tokens"))
        return encoded(layer, inputs, mode_of(layer, "multi_hot"), whole(depth, "num_tokens"), layer.compute_dtype)


class Discretization(Knowledge):
    """Bins of a continuous value; their bounds are in the config or come with ``adapt``, and are not weights."""

    kinds = ("Discretization",)
    examples = (
        *examples_of("Discretization", {"bin_boundaries": [0.0, 1.0, 2.0]}, ("int", *ENCODINGS), FLOATX),
        Example("Discretization", {"num_bins": 5, "output_mode": "one_hot"}, ((None, 3, 2),)),
        Example("Discretization", {"num_bins": 5, "output_mode": "count"}, ((None, 3, 2),)),
        Example("Discretization", {"num_bins": 5}, ((None,),), dtype="int32"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        """Keras itself states ``multi_hot`` and ``count`` without the second axis, not without the last."""
        mode = mode_of(layer)
        if mode == "int":  # Keras 2, which writes ``trainable`` here as everywhere, counts in int64
            return layer.spec(inputs.shape, "int64" if "trainable" in layer.config else "int32")
        bounds = layer.get("bin_boundaries")
        depth = whole(layer["num_bins"], "num_bins") if bounds is None else len(bounds) + 1
        if mode == "one_hot":
            return encoded(layer, inputs, mode, depth, layer.compute_dtype)
        return layer.spec((*inputs.shape[:1], *inputs.shape[2:], depth) if inputs.rank > 1 else (depth,))


class Hashing(Knowledge):
    """A hash of each value into ``num_bins`` bins."""

    kinds = ("Hashing",)
    examples = (
        *examples_of("Hashing", {"num_bins": 5}, ("int", *ENCODINGS), "int64"),
        Example("Hashing", {"num_bins": 5, "salt": [1, 2], "dtype": "int32"}, ((None,),), dtype="string"),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        if mode_of(layer) == "int":
            return layer.spec(inputs.shape, layer.variable_dtype)
        alone = inputs.rank == 1 and mode_of(layer) == "one_hot"  # Keras 3 takes a lone axis for one sample
        samples = inputs.shape if alone and names_dtype(layer) else inputs.shape[:-1]
        return layer.spec((*samples, whole(layer["num_bins"], "num_bins")), layer.variable_dtype)


class HashedCrossing(Knowledge):
    """A hash of each pair of values from two tensors."""

    kinds = ("HashedCrossing",)
    examples = (
        Example("HashedCrossing", {"num_bins": 5}, ROW * 2, dtype="int64", nested=True),
        Example("HashedCrossing", {"num_bins": 5, "output_mode": "one_hot"}, COLUMN * 2, dtype="int64", nested=True),
        Example("HashedCrossing", {"num_bins": 5, "output_mode": "one_hot"}, ROW * 2, dtype="int64", nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Spec:
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise NotKnown("it takes a list of two tensors")
        if mode_of(layer) == "int":
            return layer.spec(inputs[0].shape)
        return encoded(layer, inputs[0], mode_of(layer), whole(layer["num_bins"], "num_bins"), layer.compute_dtype)


def vocabulary_depth(layer: Subject) -> int | None:
    """Entries of an encoded value: the vocabulary with its special tokens; open until ``adapt`` has found it."""
    if layer.get("pad_to_max_tokens"):
        return whole(layer["max_tokens"], "max_tokens")
    size = layer.get("vocabulary_size", layer.get("vocab_size"))
    return None if size is None else whole(size, "vocabulary_size")


class Lookup(Knowledge):
    """Indices of values in a vocabulary, which is an asset of the file and not a weight."""

    kinds = ("StringLookup", "IntegerLookup")
    examples = (
        *examples_of("StringLookup", WORDS, ("int", *ENCODINGS), "string"),
        Example(
            "StringLookup",
            {**WEIGHED, "output_mode": "tf_idf", "num_oov_indices": 2},
            ROW,
            dtype="string",
        ),
        Example("StringLookup", {**WORDS, "mask_token": "", "output_mode": "multi_hot"}, ROW, dtype="string"),
        Example("StringLookup", {"output_mode": "count"}, ROW, dtype="string"),
        *examples_of("IntegerLookup", NUMBERS, ("int", *ENCODINGS), "int64"),
        Example(
            "IntegerLookup",
            {**NUMBERS, "max_tokens": 9, "pad_to_max_tokens": True, "output_mode": "multi_hot"},
            ROW,
            dtype="int64",
        ),
    )

    @staticmethod
    def dtype(layer: Subject) -> str:
        """Keras gives the dtype of the vocabulary, whatever the policy."""
        return "string" if layer.class_name == "StringLookup" else str(layer.get("vocabulary_dtype") or "int64")

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        mode = mode_of(layer)
        if mode == "int":
            return layer.spec(inputs.shape, "int64")
        return encoded(layer, inputs, mode, vocabulary_depth(layer), FLOATX)


class TextVectorization(Knowledge):
    """Text split into tokens, then looked up: a row of indices, or one vector for each text."""

    kinds = ("TextVectorization",)
    examples = (
        Example("TextVectorization", {}, ((None,),), dtype="string"),
        Example("TextVectorization", {**WORDS, "output_sequence_length": 8}, COLUMN, dtype="string"),
        Example("TextVectorization", {**WORDS, "output_mode": "multi_hot"}, ((None,),), dtype="string"),
        Example("TextVectorization", {**WORDS, "output_mode": "count", "ngrams": 2}, COLUMN, dtype="string"),
        Example("TextVectorization", {**WORDS, "output_mode": "count", "split": None}, ((None,),), dtype="string"),
        Example(
            "TextVectorization",
            {
                **WORDS,
                "idf_weights": [1.0, 2.0, 3.0],
                "output_mode": "tf_idf",
                "max_tokens": 9,
                "pad_to_max_tokens": True,
            },
            ((None,),),
            dtype="string",
        ),
    )

    @staticmethod
    def dtype(layer: Subject) -> str:
        """Keras gives the dtype of the vocabulary, whatever the policy."""
        return "string"

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        mode = mode_of(layer)
        if mode == "int":
            return layer.spec((inputs.shape[0], layer.get("output_sequence_length")), "int64")
        tokens = inputs.shape
        if layer.get("split") is not None:
            tokens = (tokens[0], None) if names_dtype(layer) and tokens[1:] == (1,) else (*tokens, None)
        elif inputs.rank <= 1:
            tokens = (*tokens, 1)
        return encoded(layer, Spec(tokens), mode, vocabulary_depth(layer), FLOATX)
