"""Unpacks Debian's VictoriaMetrics, an engine of other people, for the tests.

    python3 firmware/fleetd/tests/victoria_metrics/install.py target/opponents/victoria-metrics

It is not installed as a package: that would start a service. The package is downloaded by apt,
which checks Debian's signatures, and unpacked into the folder; the libraries that it needs are on
every Debian machine. Needs no root.
"""

import os
import pathlib
import shutil
import subprocess
import sys

PACKAGE = "victoria-metrics"


def download(folder, lists):
    apt = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists]
    return subprocess.run([*apt, "download", PACKAGE], cwd=folder).returncode == 0


def own_lists(folder):
    """A fresh machine has no package lists, and only root may fetch those of the machine."""
    lists = ["-o", f"Dir::State::lists={folder}/lists"]
    (folder / "lists" / "partial").mkdir(parents=True)
    update = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists, "update"]
    subprocess.run(update, check=True)
    return lists


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: install.py FOLDER")
    folder = pathlib.Path(sys.argv[1]).absolute()
    programs = folder / "root/usr/bin"
    if (programs / "vmalert").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    os.chmod(folder, 0o755)
    if not download(folder, []) and not download(folder, own_lists(folder)):
        sys.exit(f"cannot download {PACKAGE}; see above")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
        package.unlink()
    for left in ("cache", "lists"):
        shutil.rmtree(folder / left, ignore_errors=True)
    for program in ("victoria-metrics", "vmalert"):
        subprocess.run([programs / program, "-version"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
