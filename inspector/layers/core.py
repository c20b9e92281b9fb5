"""Knowledge of the core layers: Input, Dense, EinsumDense, Embedding, Lambda, Masking, Identity."""

from __future__ import annotations

from typing import Any, NoReturn

from ..graph import map_structure
from ..knowledge import (
    Example,
    Knowledge,
    NotKnown,
    ShapeKept,
    Spec,
    Subject,
    WeightSpec,
    autocast,
    product,
    whole,
)
from .einsum import int8_scale, solve_einsum, split_by_size, split_by_sum
from .quantization import Kernel, embedding_weights, finish_weights, kernel_weights, mode_of, reverse_weights


class Input(Knowledge):
    """The entry of a graph; ``batch_shape`` (Keras 2: ``batch_input_shape``) and dtype stand in the config."""

    kinds = ("InputLayer",)
    examples = (
        Example("InputLayer", {"shape": (8, 8, 3), "dtype": "uint8"}),
        Example("InputLayer", {"batch_shape": (2, None, 4)}),
    )

    @staticmethod
    def shape(layer: Subject, *_: Any, **__: Any) -> Spec:
        shape = layer.get("batch_shape")
        return layer.spec(layer["batch_input_shape"] if shape is None else shape)


class Dense(Knowledge):
    """A matrix product on the last axis, a bias, an activation."""

    kinds = ("Dense",)
    masking = True
    examples = (
        Example("Dense", {"units": 4}, ((None, 3),)),
        Example("Dense", {"units": 4, "use_bias": False, "activation": "relu"}, ((None, 5, 3),)),
        Example("Dense", {"units": 4, "dtype": "mixed_float16"}, ((2, None, 3),)),
        Example("Dense", {"units": 4, "dtype": "bfloat16"}, ((None, 3),), dtype="int32"),
        Example("Dense", {"units": 4, "trainable": False}, ((None, 3),)),
        Example("Dense", {"units": 4, "lora_rank": 2}, ((None, 3),)),
        Example("Dense", {"units": 5, "dtype": "int8_from_float32"}, ((None, 3),)),
        Example("Dense", {"units": 5, "dtype": "int8_from_mixed_bfloat16", "lora_rank": 2}, ((None, 3),)),
        Example("Dense", {"units": 5, "dtype": "int4_from_float32", "lora_rank": 2}, ((None, 3),)),
        Example("Dense", {"units": 5, "dtype": "int4/4_from_float32"}, ((None, 9),)),
        Example("Dense", {"units": 5, "dtype": "int4/-1_from_float32", "use_bias": False}, ((None, 9),)),
        Example("Dense", {"units": 5, "dtype": "float8_from_mixed_bfloat16"}, ((None, 3),)),
        Example("Dense", {"units": 5, "dtype": "gptq/4/4_from_float32"}, ((None, 9),)),
        Example("Dense", {"units": 5, "dtype": "gptq/8/-1_from_mixed_bfloat16"}, ((None, 9),)),
        Example("Dense", {"units": 5, "dtype": "awq/4/4_from_float32"}, ((None, 9),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec((*inputs.shape[:-1], whole(layer["units"], "units")))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        rows, units = inputs.shape[-1], whole(layer["units"], "units")
        kernel = Kernel((rows, units), (units,), (rows or 0, units))
        return kernel_weights(layer, kernel, (units,) if layer.get("use_bias", True) else None)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], whole(layer["units"], "units")))


class EinsumDense(Knowledge):
    """A tensor product by equation, a bias over some of the output's axes, an activation."""

    kinds = ("EinsumDense",)
    examples = (
        Example("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c"}, ((None, 3),)),
        Example("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 4, 2)}, ((None, None, 3),)),
        Example(
            "EinsumDense", {"equation": "abc,cde->abde", "output_shape": (5, 4, 2), "bias_axes": "de"}, ((None, 5, 3),)
        ),
        Example("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 4, "bias_axes": "y"}, ((None, 7, 6, 3),)),
        Example(
            "EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 4, "bias_axes": "c"}, ((None, 3, 5, 6),)
        ),
        Example("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "lora_rank": 2}, ((None, 3),)),
        *(
            Example(
                "EinsumDense",
                {
                    "equation": "abc,cde->abde",
                    "output_shape": (5, 3, 3),
                    "bias_axes": "de",
                    "dtype": f"{mode}_from_float32",
                },
                ((None, 5, 7),),
            )
            for mode in ("int8", "int4", "int4/4", "float8", "gptq/4/4", "gptq/3/-1", "awq/4/4")
        ),
        *(
            Example(
                "EinsumDense",
                {"equation": "abcd,cde->abe", "output_shape": (5, 7), "dtype": f"{mode}_from_float32"},
                ((None, 5, 3, 2),),
            )
            for mode in ("int8", "int4/2", "gptq/4/4", "awq/4/-1")
        ),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec(solve_einsum(layer, inputs).output)

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        solved, mode = solve_einsum(layer, inputs), mode_of(layer)
        kernel = Kernel(solved.kernel, (), (0, 0), "zero_point")
        if mode in ("int8", "int4", "gptq", "awq"):
            if "..." in layer["equation"] and mode != "float8":
                raise NotKnown(f"Keras cannot build {mode} for an equation with an ellipsis")
            matrix = split_by_size(solved.kernel) if mode in ("gptq", "awq") else split_by_sum(solved)
            kernel = kernel._replace(int8_scale=int8_scale(solved), matrix=matrix)
        return kernel_weights(layer, kernel, solved.bias)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        solved = solve_einsum(layer, inputs)
        own = [dim for label, dim in zip(solved.weights, solved.kernel, strict=True) if label not in solved.inputs]
        return product((*inputs.shape[1:], *own))


class Embedding(Knowledge):
    """A table row for every integer. A config with ``mask_zero`` makes a mask of its own."""

    kinds = ("Embedding",)
    examples = (
        Example("Embedding", {"input_dim": 10, "output_dim": 4}, ((None, 7),), dtype="int32"),
        Example("Embedding", {"input_dim": 10, "output_dim": 4, "dtype": "mixed_bfloat16"}, ((2, None, 3),)),
        Example("Embedding", {"input_dim": 10, "output_dim": 4, "lora_rank": 2}, ((None, 7),)),
        Example("Embedding", {"input_dim": 10, "output_dim": 5, "dtype": "int8_from_float32"}, ((None,),)),
        Example("Embedding", {"input_dim": 9, "output_dim": 5, "dtype": "int4_from_float32"}, ((None, 7),)),
        Example("Embedding", {"input_dim": 9, "output_dim": 5, "dtype": "int4/2_from_float32"}, ((None, 7),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec((*inputs.shape, whole(layer["output_dim"], "output_dim")))

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> list[WeightSpec]:
        specs = embedding_weights(layer, *table(layer))
        return finish_weights(specs, "embeddings" if layer.get("lora_rank") else None)


def table(layer: Subject) -> tuple[int, int]:
    return whole(layer["input_dim"], "input_dim"), whole(layer["output_dim"], "output_dim")


class ReversibleEmbedding(Knowledge):
    """An embedding that also runs backwards, from vectors to a score for every entry."""

    kinds = ("ReversibleEmbedding",)
    examples = (
        Example("ReversibleEmbedding", {"input_dim": 10, "output_dim": 4}, ((None, 7),), dtype="int32"),
        Example("ReversibleEmbedding", {"input_dim": 10, "output_dim": 4}, ((None, 7, 4),), {"reverse": True}),
        *(
            Example(
                "ReversibleEmbedding",
                {"input_dim": 10, "output_dim": 5, "tie_weights": False, "dtype": dtype},
                ((None, 7),),
            )
            for dtype in ("float32", "int8_from_float32", "int4_from_float32", "int4/2_from_float32")
        ),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, reverse: bool = False, *_: Any, **__: Any) -> Spec:
        rows, columns = table(layer)
        return layer.spec((*inputs.shape[:-1], rows) if reverse else (*inputs.shape, columns))

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> list[WeightSpec]:
        specs = embedding_weights(layer, *table(layer))
        if not layer.get("tie_weights", True):
            specs += reverse_weights(layer, *table(layer))
        return finish_weights(specs, "embeddings" if layer.get("lora_rank") else None)

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, reverse: bool = False, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], table(layer)[0])) if reverse else 0


class Lambda(Knowledge):
    """A Python function, which is never run; only an ``output_shape`` stated beside it is known."""

    kinds = ("Lambda",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        stated = layer.get("output_shape")
        first = inputs
        while isinstance(first, (list, tuple)) and not isinstance(first, Spec):
            first = first[0]
        if is_shape(stated):
            return layer.spec((first.shape[0], *stated))
        if isinstance(stated, (list, tuple)) and all(is_shape(shape) for shape in stated):
            return [layer.spec((first.shape[0], *shape)) for shape in stated]
        raise NotKnown("its output follows from a Python function, which is never run")

    @staticmethod
    def macs(layer: Subject, *_: Any, **__: Any) -> NoReturn:
        raise NotKnown("its work is a Python function, which is never run")


def is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(dim is None or type(dim) is int for dim in value)


class Masking(ShapeKept):
    """Marks the time steps whose features all equal ``mask_value``."""

    kinds = ("Masking",)
    examples = (
        Example("Masking", {"mask_value": -1.0}, ((None, 5, 3),)),
        Example("Masking", {"dtype": "mixed_float16"}, ((None, None, 3),), dtype="int32"),
    )


class Identity(ShapeKept):
    """Its input as it is, in its structure; integers stay integers."""

    kinds = ("Identity",)
    examples = (
        Example("Identity", {}, ((None, 5, 3),)),
        Example("Identity", {"dtype": "mixed_float16"}, (Spec((None, 5)), Spec((2, None), "int32")), nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        return map_structure(lambda spec: layer.spec(spec.shape, autocast(layer, spec.dtype)), inputs)


class ForeignModule(Knowledge):
    """A layer around a program of another framework: the file's config says nothing of its inside."""

    kinds = ("JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer")

    @staticmethod
    def shape(layer: Subject, *_: Any, **__: Any) -> NoReturn:
        raise NotKnown(f"{layer.class_name} runs a program of another framework, which is never run here")

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> NoReturn:
        raise NotKnown(f"{layer.class_name} holds the variables of a program of another framework")

    @staticmethod
    def macs(layer: Subject, *_: Any, **__: Any) -> NoReturn:
        raise NotKnown(f"{layer.class_name} runs a program of another framework, which is never run here")
