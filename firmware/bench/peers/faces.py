#!/usr/bin/env python3
"""The peers of our face engine: the same frames, the same model files, the same steps.

usage: faces.py stages onnxruntime|opencv THREADS MODELS FRAMES
       faces.py numbers onnxruntime|opencv MODELS INPUTS

  stages   looks at every FRAMES/*.jpg as `face` does: decode, faces on a copy of 320 pixels and
           once more from near, the mesh, align, template. Prints JSON: milliseconds of each
           stage and frame, of loading the models, and the most memory that the process held.
  numbers  runs the models on INPUTS/*.in (ROLE.NAME.WIDTHxHEIGHT.in, 32-bit floats) and writes
           what they give beside it, as .onnxruntime or .opencv. Prints JSON: the version.

Pictures are read, shrunk and turned by OpenCV in both. `opencv` finds faces by FaceDetectorYN and
makes templates by FaceRecognizerSF; the mesh runs in its dnn module.
"""

import json
import pathlib
import sys
import time
import tomllib

import cv2
import numpy

LONG_SIDE, NEAR_SIDE, NEAR_MARGIN, MESH_SIDE, MESH_MARGIN = 320, 224, 1.6, 256, 1.5
CERTAINTY, OVERLAP, STRIDES = 0.5, 0.3, (8, 16, 32)
PLACES = numpy.float32(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)


class Nets:
    """The models in one of the two runtimes."""

    def __init__(self, runtime, folder, threads):
        self.entries = {it["role"]: it for it in tomllib.loads((folder / "manifest.toml").read_text())["model"]}
        files = {role: str(folder / entry["file"]) for role, entry in self.entries.items()}
        cv2.setNumThreads(threads)
        if runtime == "opencv":
            self.version = "OpenCV " + cv2.__version__
            self.nets = {role: cv2.dnn.readNetFromONNX(file) for role, file in files.items()}
        else:
            import onnxruntime

            self.version = "onnxruntime " + onnxruntime.__version__
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            self.nets = {
                role: onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
                for role, file in files.items()
            }

    def run(self, role, values):
        net, names = self.nets[role], self.entries[role]["outputs"]
        if isinstance(net, cv2.dnn.Net):
            net.setInput(values)
            # It gives all of its outputs or none.
            every = net.getUnconnectedOutLayersNames()
            given = dict(zip(every, net.forward(every)))
            return [given[name] for name in names]
        return net.run(names, {net.get_inputs()[0].name: values})


def planes(picture):
    """Height x width x 3 to 1 x 3 x height x width."""
    return numpy.ascontiguousarray(picture.transpose(2, 0, 1)[None], numpy.float32)


class WithOnnxruntime:
    """Our own steps around the models, in numpy."""

    def __init__(self, folder, threads):
        self.nets = Nets("onnxruntime", folder, threads)
        self.version = self.nets.version

    def faces(self, small):
        height, width = small.shape[:2]
        padded = cv2.copyMakeBorder(small, 0, -height % 32, 0, -width % 32, cv2.BORDER_CONSTANT)
        outputs = self.nets.run("detector", planes(padded))
        boxes, certainties, points = [], [], []
        for grid, stride in enumerate(STRIDES):
            certain, there, box, point = (outputs[kind * 3 + grid].reshape(-1, size) for kind, size in enumerate((1, 1, 4, 10)))
            certainty = numpy.sqrt(certain.clip(0, 1) * there.clip(0, 1)).ravel()
            cells = numpy.flatnonzero(certainty >= CERTAINTY)
            columns = padded.shape[1] // stride
            place = numpy.stack([cells % columns, cells // columns], 1)
            size = numpy.exp(box[cells, 2:]) * stride
            boxes.append(numpy.hstack([(place + box[cells, :2]) * stride - size / 2, size]))
            points.append((point[cells].reshape(-1, 5, 2) + place[:, None]).reshape(-1, 10) * stride)
            certainties.append(certainty[cells])
        found = numpy.hstack([numpy.vstack(boxes), numpy.vstack(points), numpy.concatenate(certainties)[:, None]])
        kept = cv2.dnn.NMSBoxes(found[:, :4].tolist(), found[:, 14].tolist(), CERTAINTY, OVERLAP)
        return found[numpy.array(kept, int).ravel()]

    def align(self, picture, face):
        turn, _ = cv2.estimateAffinePartial2D(face[4:14].reshape(5, 2), PLACES, method=cv2.LMEDS)
        return cv2.warpAffine(picture, turn, (112, 112))

    def template(self, upright):
        return self.nets.run("recogniser", planes(upright[:, :, ::-1]))[0]


class WithOpencv:
    """OpenCV's own classes."""

    def __init__(self, folder, threads):
        self.nets = Nets("opencv", folder, threads)
        self.version = self.nets.version
        file = {role: str(folder / entry["file"]) for role, entry in self.nets.entries.items()}
        # Its classes load the two files themselves: nothing is held twice.
        del self.nets.nets["detector"], self.nets.nets["recogniser"]
        self.detector = cv2.FaceDetectorYN.create(file["detector"], "", (320, 320), CERTAINTY, OVERLAP)
        self.recogniser = cv2.FaceRecognizerSF.create(file["recogniser"], "")

    def faces(self, small):
        self.detector.setInputSize((small.shape[1], small.shape[0]))
        found = self.detector.detect(small)[1]
        return numpy.empty((0, 15)) if found is None else found

    def align(self, picture, face):
        return self.recogniser.alignCrop(picture, face.astype("float32"))

    def template(self, upright):
        return self.recogniser.feature(upright)


def largest(engine, picture, left, top, width, height, side):
    """The largest face in a part of the picture, searched on a small copy."""
    share = max(1.0, max(width, height) / side)
    small = cv2.resize(picture[top : top + height, left : left + width], (round(width / share), round(height / share)), interpolation=cv2.INTER_AREA)
    found = engine.faces(small)
    if len(found) == 0:
        raise SystemExit("no face in a frame")
    face = max(found, key=lambda it: it[2] * it[3]).copy()
    face[:14] *= share
    face[[0, 4, 6, 8, 10, 12]] += left
    face[[1, 5, 7, 9, 11, 13]] += top
    return face


def nearer(engine, picture, face):
    reach = max(face[2], face[3]) * NEAR_MARGIN / 2
    x, y = face[0] + face[2] / 2, face[1] + face[3] / 2
    left, top = int(max(0, x - reach)), int(max(0, y - reach))
    right, bottom = int(min(picture.shape[1], x + reach)), int(min(picture.shape[0], y + reach))
    return largest(engine, picture, left, top, right - left, bottom - top, NEAR_SIDE)


def mesh(engine, picture, face):
    (ax, ay), (bx, by) = face[4:6], face[6:8]
    scale = MESH_SIDE / (max(face[2], face[3]) * MESH_MARGIN)
    turn = cv2.getRotationMatrix2D((float(face[0] + face[2] / 2), float(face[1] + face[3] / 2)), numpy.degrees(numpy.arctan2(by - ay, bx - ax)), scale)
    turn[:, 2] += MESH_SIDE / 2 - numpy.array([face[0] + face[2] / 2, face[1] + face[3] / 2])
    crop = cv2.warpAffine(picture, turn, (MESH_SIDE, MESH_SIDE))
    return engine.nets.run("landmarks", planes(crop[:, :, ::-1]) / 255)


def look(engine, data):
    times, began, cpu = {}, time.perf_counter(), time.process_time()

    def lap(stage):
        nonlocal began
        now = time.perf_counter()
        times[stage] = times.get(stage, 0.0) + (now - began) * 1000
        began = now

    picture = cv2.imdecode(numpy.frombuffer(data, "uint8"), cv2.IMREAD_COLOR)
    lap("decode")
    face = largest(engine, picture, 0, 0, picture.shape[1], picture.shape[0], LONG_SIDE)
    lap("detect")
    mesh(engine, picture, face)
    lap("landmarks")
    face = nearer(engine, picture, face)
    lap("detect")
    upright = engine.align(picture, face)
    lap("align")
    engine.template(upright)
    lap("template")
    times["cpu"] = (time.process_time() - cpu) * 1000
    return times


def memory():
    """The most that this process held, in MiB."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def stages(runtime, threads, models, frames):
    files = [path.read_bytes() for path in sorted(frames.glob("*.jpg"))]
    if runtime == "onnxruntime":
        import onnxruntime  # noqa: F401  Its library counts as there before the models.
    before, began = memory(), time.perf_counter()
    engine = (WithOpencv if runtime == "opencv" else WithOnnxruntime)(models, threads)
    load = (time.perf_counter() - began) * 1000
    looks = [look(engine, data) for data in files]
    return {"version": engine.version, "load_ms": load, "looks": looks, "before_models_mib": before, "peak_mib": memory()}


def numbers(runtime, models, inputs):
    nets = Nets(runtime, models, 1)
    for path in inputs.glob("*.in"):
        role, _, size, _ = path.name.split(".")
        width, height = map(int, size.split("x"))
        values = numpy.fromfile(path, "<f4").reshape(1, 3, height, width)
        flat = numpy.concatenate([numpy.asarray(it).ravel() for it in nets.run(role, values)])
        flat.astype("<f4").tofile(path.with_suffix("." + runtime))
    return {"version": nets.version}


def main():
    match sys.argv[1:]:
        case ["stages", ("onnxruntime" | "opencv") as runtime, threads, models, frames]:
            found = stages(runtime, int(threads), pathlib.Path(models), pathlib.Path(frames))
        case ["numbers", ("onnxruntime" | "opencv") as runtime, models, inputs]:
            found = numbers(runtime, pathlib.Path(models), pathlib.Path(inputs))
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(found))


main()
