#!/usr/bin/env python3
"""Makes the golden files of the face models anew with onnxruntime.

usage: make.py DIR, where DIR holds the inputs that the ignored test
`writes_the_inputs_of_the_golden_files` wrote: ROLE.NAME.WIDTHxHEIGHT.in, 32-bit floats.
Needs numpy and onnxruntime. Writes ROLE.f32, the outputs of all inputs of a model in the order
of their names, and made.toml: which runtime, which model file, which inputs, by their hashes.
"""

import hashlib
import pathlib
import sys
import tomllib

import numpy
import onnxruntime

HERE = pathlib.Path(__file__).parent
MODELS = HERE.parent / "models"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


made = [f'runtime = "onnxruntime {onnxruntime.__version__}"']
for model in tomllib.loads((MODELS / "manifest.toml").read_text())["model"]:
    file, role = MODELS / model["file"], model["role"]
    assert sha256(file) == model["sha256"], file
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    made += ["", f"[model.{role}]", f'sha256 = "{model["sha256"]}"', "", f"[model.{role}.inputs]"]
    flat = []
    inputs = [(path.name.split("."), path) for path in pathlib.Path(sys.argv[1]).glob(f"{role}.*.in")]
    for (_, name, size, _), path in sorted(inputs):
        width, height = map(int, size.split("x"))
        values = numpy.fromfile(path, "<f4").reshape(1, 3, height, width)
        results = session.run(model["outputs"], {session.get_inputs()[0].name: values})
        flat += [result.ravel() for result in results]
        made.append(f'{name} = "{sha256(path)}"')
    numpy.concatenate(flat).astype("<f4").tofile(HERE / f"{role}.f32")
    print(role, len(inputs), "inputs, onnxruntime", onnxruntime.__version__)
(HERE / "made.toml").write_text("\n".join(made) + "\n")
