"""Recovering the graph of layer calls inside subclassed models and composite layers."""

from .attempts import distinct_names
from .inputs import InputSpec, TensorSpec, bound_inputs, recorded_inputs, spec_from_shapes
from .records import Proof, Reason, Recovery, Structure, StructureNode
from .recover import recover
from .standalone import obstacles, standalone

__all__ = [
    "InputSpec",
    "Proof",
    "Reason",
    "Recovery",
    "Structure",
    "StructureNode",
    "TensorSpec",
    "bound_inputs",
    "distinct_names",
    "obstacles",
    "recorded_inputs",
    "recover",
    "spec_from_shapes",
    "standalone",
]
