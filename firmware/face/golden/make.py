#!/usr/bin/env python3
"""Makes the golden files of the face models anew with onnxruntime.

usage: make.py DIR, where DIR holds the inputs that the ignored test
`writes_the_inputs_of_the_golden_files` wrote. Needs numpy and onnxruntime.
"""

import pathlib
import sys

import numpy
import onnxruntime

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "models"
JOBS = [
    ("yunet", "yunet-2023mar.onnx", (1, 3, 128, 96), [f"{kind}_{stride}" for kind in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]),
    ("sface", "sface-2021dec-weights8.onnx", (1, 3, 112, 112), ["fc1"]),
    ("mesh", "face-landmarks-478.onnx", (1, 3, 256, 256), ["t473_nhwc"]),
]

for name, model, shape, outputs in JOBS:
    values = numpy.fromfile(pathlib.Path(sys.argv[1]) / f"{name}.in", "<f4").reshape(shape)
    session = onnxruntime.InferenceSession(str(MODELS / model), providers=["CPUExecutionProvider"])
    results = session.run(outputs, {session.get_inputs()[0].name: values})
    flat = numpy.concatenate([result.ravel() for result in results]).astype("<f4")
    flat.tofile(HERE / f"{name}.f32")
    print(name, flat.size, "numbers, onnxruntime", onnxruntime.__version__)
