#!/usr/bin/env python3
"""Adds the scores of other programs to a list of labelled pairs, for kiosk-face evaluate.

usage: score.py PAIRS.csv OUT.csv [--recogniser SFACE.onnx] [--install DIR]
       score.py --lfw FOLDER pairs.txt OUT.csv [...]

  score.opencv  OpenCV's own FaceDetectorYN and FaceRecognizerSF, with our model files unless
                --recogniser names another, as OpenCV Zoo's face_recognition_sface_2021dec.onnx,
                which is not quantised; cosine
  score.dlib    dlib's frontal detector, five landmarks and ResNet; minus the distance

With --lfw the pairs are those of Labeled Faces in the Wild: its own list and its folder; OUT.csv
then has its folds.

Every program takes the face that the picture is of, as ours does: large and in its middle.
Packages (once, into --install, by pip):
opencv-contrib-python-headless, dlib-bin, face-recognition-models. They are peers to be measured
beside, nothing that a kiosk runs.
"""

import argparse
import csv
import pathlib
import subprocess
import sys

MODELS = pathlib.Path(__file__).parents[2] / "face/models"
DETECTOR, RECOGNISER = MODELS / "yunet-2023mar.onnx", MODELS / "sface-2021dec-weights8.onnx"
PACKAGES = ["opencv-contrib-python-headless==5.0.0.93", "dlib-bin==20.0.1", "face-recognition-models==0.3.0"]


def install(folder):
    if not folder.is_dir():
        order = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        subprocess.run(order + PACKAGES + ["numpy==2.4.6"], check=True)
    sys.path.insert(0, str(folder))


def weight(left, top, width, height, across, down):
    off = ((left + width / 2) / across - 0.5) ** 2 + ((top + height / 2) / down - 0.5) ** 2
    return width * height / (1 + (off / 0.2**2) ** 2)


def opencv(recogniser):
    import cv2
    import numpy

    detector = cv2.FaceDetectorYN.create(str(DETECTOR), "", (320, 320), 0.6)
    recogniser = cv2.FaceRecognizerSF.create(str(recogniser), "")

    def template(path):
        picture = cv2.imread(str(path))
        detector.setInputSize((picture.shape[1], picture.shape[0]))
        faces = detector.detect(picture)[1]
        if faces is None:
            return None
        down, across = picture.shape[:2]
        face = max(faces, key=lambda it: weight(it[0], it[1], it[2], it[3], across, down))
        return recogniser.feature(recogniser.alignCrop(picture, face)).flatten()

    def likeness(one, other):
        return float(numpy.dot(one, other) / numpy.linalg.norm(one) / numpy.linalg.norm(other))

    return template, likeness


def dlib_resnet(folder):
    import dlib
    import numpy

    models = folder / "face_recognition_models" / "models"
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(str(models / "dlib_face_recognition_resnet_model_v1.dat"))

    def template(path):
        picture = dlib.load_rgb_image(str(path))
        faces = detector(picture, 1)
        if not faces:
            return None
        down, across = picture.shape[:2]
        face = max(faces, key=lambda it: weight(it.left(), it.top(), it.width(), it.height(), across, down))
        return numpy.array(network.compute_face_descriptor(picture, landmarks(picture, face)))

    def likeness(one, other):
        return -float(numpy.linalg.norm(one - other))

    return template, likeness


def lfw(folder, lines):
    """Folds of so many pairs of one person, then of two: NAME 1 2 or NAME 1 OTHER 3."""
    each = int(lines[0].split()[1])
    rows = []
    for at, line in enumerate(lines[1:]):
        words = line.split()
        files = [words[:2], [words[0], words[2]] if len(words) == 3 else words[2:]]
        a, b = (folder / name / f"{name}_{int(number):04}.jpg" for name, number in files)
        rows.append({"a": a, "b": b, "same": int(len(words) == 3), "fold": at // (2 * each)})
    return rows


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--lfw", type=pathlib.Path)
    words.add_argument("pairs", type=pathlib.Path)
    words.add_argument("out", type=pathlib.Path)
    words.add_argument("--recogniser", type=pathlib.Path, default=RECOGNISER)
    words.add_argument("--install", type=pathlib.Path, default=pathlib.Path("target/opponents/faces"))
    given = words.parse_args()
    install(given.install)
    programs = {"opencv": opencv(given.recogniser), "dlib": dlib_resnet(given.install)}
    if given.lfw:
        rows = lfw(given.lfw.resolve(), given.pairs.read_text().splitlines())
    else:
        with given.pairs.open(newline="") as file:
            rows = [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(file)]
    for name, (template, likeness) in programs.items():
        seen = {}
        for row in rows:
            paths = [given.pairs.parent / row["a"], given.pairs.parent / row["b"]]
            for path in paths:
                if path not in seen:
                    seen[path] = template(path)
            one, other = (seen[path] for path in paths)
            missing = one is None or other is None
            row["score." + name] = "" if missing else f"{likeness(one, other):.6f}"
        print(f"{name}: {len(seen)} pictures, {sum(it is None for it in seen.values())} without a face")
    for row in rows:
        row["a"], row["b"] = ((given.pairs.parent / row[key]).resolve() for key in "ab")
    with given.out.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    main()
