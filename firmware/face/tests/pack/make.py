#!/usr/bin/env python3
"""Makes the pack of models that the tests install in the passive model's place.

usage: make.py, which writes beside itself near.onnx, wide.onnx, two-classes.onnx and manifest.toml.
Needs nothing but Python. They know nothing of faces: the mean of the picture's blue, green and red
(ReduceMean), of which the second class is how much more red than blue there is (Gemm). So what is
bluish is a picture to them, and whoever swaps the channels or the classes turns all of it round.
"""

import hashlib
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
# Kinds of fields on the wire, numbers of onnx.proto.
VARINT, BYTES = 0, 2
FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS = 1, 2, 7


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def number(field, value):
    return varint(field << 3 | VARINT) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | BYTES) + varint(len(value)) + value


def attribute(name, value):
    if isinstance(value, int):
        return text(5, text(1, name) + number(3, value) + number(20, ATTRIBUTE_INT))
    return text(5, text(1, name) + b"".join(number(8, one) for one in value) + number(20, ATTRIBUTE_INTS))


def node(kind, inputs, output, *attributes):
    named = b"".join(text(1, name) for name in inputs)
    return text(1, named + text(2, output) + text(3, output) + text(4, kind) + b"".join(attributes))


def tensor(name, shape, values):
    sizes = b"".join(number(1, size) for size in shape)
    return text(5, sizes + number(2, FLOAT) + text(8, name) + text(9, struct.pack(f"<{len(values)}f", *values)))


def value(field, name, shape):
    sizes = b"".join(text(1, number(1, size)) for size in shape)
    return text(field, text(1, name) + text(2, text(1, number(1, FLOAT) + text(2, sizes))))


def model(rows):
    """Each class by how much of blue, green and red there is in it."""
    graph = [
        node("ReduceMean", ["picture"], "mean", attribute("axes", [2, 3]), attribute("keepdims", 0)),
        node("Gemm", ["mean", "rows", "nothing"], "said", attribute("transB", 1)),
        text(2, "colour"),
        tensor("rows", [len(rows), 3], [part for row in rows for part in row]),
        tensor("nothing", [len(rows)], [0.0] * len(rows)),
        value(11, "picture", [1, 3, 80, 80]),
        value(12, "said", [1, len(rows)]),
    ]
    return number(1, 8) + text(7, b"".join(graph)) + text(8, number(2, 13))


def entry(role, file):
    sha256 = hashlib.sha256((HERE / file).read_bytes()).hexdigest()
    return f"""
[[model]]
role = "{role}"
title = "Red or blue, for tests"
file = "{file}"
sha256 = "{sha256}"
source = "make.py"
licence = "MIT OR Apache-2.0"
licence-file = "../../../../LICENSE"
input = "1 x 3 x 80 x 80; blue, green, red; 0 to 255"
output = "three log-odds, of which the second is more where there is more red than blue"
outputs = ["said"]
"""


nobody = [0.0, 0.0, 0.0]
for file, rows in {
    "near.onnx": [nobody, [-1.0, 0.0, 1.0], nobody],
    "wide.onnx": [nobody, [-0.5, 0.0, 0.5], nobody],
    "two-classes.onnx": [nobody, [-1.0, 0.0, 1.0]],
}.items():
    (HERE / file).write_bytes(model(rows))
manifest = "# Made by make.py, for tests: no model of faces.\n"
manifest += entry("passive-near", "near.onnx") + entry("passive-wide", "wide.onnx")
(HERE / "manifest.toml").write_text(manifest)
