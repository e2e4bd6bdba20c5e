"""Unpacks a program of Debian's with the libraries that the machine lacks, for the tests.

    python3 firmware/xtask/unpack_debian.py rauc target/opponents/rauc

`rauc`, which our back end drives, `swupdate`, an update client that opposes our fleet server,
`softhsm2`, a token without hardware for our release tool, and `opensc`, which takes our pretended
staff badge for a real one. They are not installed as packages: that
would add an updater of root to the machine's own bus, a service that restarts the machine after an
update, or a token to every program that looks for one. The packages are downloaded by apt, which checks Debian's
signatures, and unpacked into the folder; `run` there starts the program. Needs no root.
"""

import os
import pathlib
import shutil
import subprocess
import sys


# Where the program is not called as its package.
PROGRAMS = {"softhsm2": "softhsm2-util", "opensc": "opensc-tool"}


def download(package, folder, lists):
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists]
    wanted = ["install", "--download-only", "--no-install-recommends", "--reinstall", "-y", package]
    ran = subprocess.run([*apt, "-o", f"Dir::Cache::archives={archives}", *wanted])
    return ran.returncode == 0


def own_lists(folder):
    """A fresh machine has no package lists, and only root may fetch those of the machine."""
    lists = ["-o", f"Dir::State::lists={folder}/lists"]
    (folder / "lists" / "partial").mkdir(parents=True)
    update = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists, "update"]
    subprocess.run(update, check=True)
    return lists


def program(name, folder):
    """The program with its libraries beside it."""
    run = folder / "run"
    paths = ":".join(str(path) for path in sorted((folder / "root/usr/lib").glob("*-linux-*")))
    run.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{paths}" exec "{folder}/root/usr/bin/{name}" "$@"\n')
    run.chmod(0o755)
    return run


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: unpack_debian.py PACKAGE FOLDER")
    package, folder = sys.argv[1], pathlib.Path(sys.argv[2]).absolute()
    if (folder / "run").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    os.chmod(folder, 0o755)
    if not download(package, folder, []):
        shutil.rmtree(folder / "archives")
        if not download(package, folder, own_lists(folder)):
            sys.exit(f"cannot download {package}; see above")
    for archive in sorted((folder / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, folder / "root"], check=True)
    for left in ("archives", "cache", "lists"):
        shutil.rmtree(folder / left, ignore_errors=True)
    subprocess.run([program(PROGRAMS.get(package, package), folder), "--version"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
