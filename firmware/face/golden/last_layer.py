#!/usr/bin/env python3
"""Takes the rounding of the recogniser's last layer's *input* to 8 bits out of a model file.

usage: last_layer.py QUANTISED.onnx OUT.onnx. Needs numpy and onnx.

QUANTISED.onnx is SFace with its last layer quantised dynamically by onnxruntime 1.31.1
(sha256 9fefe2abde98a5175a380db802da2a80d9675d7c223feeb438ab87fddb320cdf). There the weights are
8-bit numbers, and so is what they are multiplied with, rounded anew for every face. A number that
lies between two steps is rounded one way by one runtime or processor and the other way by the
next, and the template differs by up to a hundredth. Here the weights stay what they are, to the bit,
and are multiplied with numbers that nobody rounded.
"""

import sys

import numpy
import onnx
from onnx import helper, numpy_helper

ROUNDING = {"DynamicQuantizeLinear", "MatMulInteger", "Cast"}
WEIGHT = ["pre_fc1_weight_quantized", "pre_fc1_weight_scale", "pre_fc1_weight_zero_point"]

model = onnx.load(sys.argv[1])
nodes = []
for node in model.graph.node:
    if node.op_type in ROUNDING or (node.op_type == "Mul" and node.output[0].startswith("pre_fc1")):
        continue
    if node.output[0] == "pre_fc1":
        nodes.append(helper.make_node("DequantizeLinear", WEIGHT, ["pre_fc1_weight"]))
        node = helper.make_node("Gemm", ["flatten_254", "pre_fc1_weight", "pre_fc1_bias"], ["pre_fc1"], transB=1)
    nodes.append(node)
del model.graph.node[:]
model.graph.node.extend(nodes)
# Turned on its side: of the plain product onnxruntime makes one that rounds its input again.
weight = next(it for it in model.graph.initializer if it.name == WEIGHT[0])
turned = numpy.ascontiguousarray(numpy_helper.to_array(weight).T)
weight.CopyFrom(numpy_helper.from_array(turned, WEIGHT[0]))
onnx.checker.check_model(model, full_check=True)
onnx.save(model, sys.argv[2])
