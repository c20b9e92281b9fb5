"""Multiply-accumulates as TensorFlow's own profiler counts them on the frozen graph."""

from __future__ import annotations

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

PRODUCTS = ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2")


def profiled_macs(function, specs):
    """Half the floating-point operations of matrix products and convolutions, for inputs of these specs."""
    frozen = convert_variables_to_constants_v2(tf.function(function).get_concrete_function(*specs))
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    stack = [tf.compat.v1.profiler.profile(frozen.graph, cmd="op", options=options)]
    total = 0
    while stack:
        node = stack.pop()
        stack.extend(node.children)
        total += node.float_ops if node.name in PRODUCTS else 0
    return total // 2
