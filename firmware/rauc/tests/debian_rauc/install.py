"""Unpacks Debian's rauc, the updater of other people that we drive, for the tests.

    python3 firmware/rauc/tests/debian_rauc/install.py target/opponents/rauc

It is not installed as a package: that would add an updater of root to the machine's own bus. Its
package, and those of libraries that the machine lacks, are downloaded by apt, which checks Debian's
signatures, and unpacked into the folder. Needs no root.
"""

import os
import pathlib
import shutil
import subprocess
import sys


def download(folder, lists):
    archives = folder / "archives"
    (archives / "partial").mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists]
    wanted = ["install", "--download-only", "--no-install-recommends", "--reinstall", "-y", "rauc"]
    ran = subprocess.run([*apt, "-o", f"Dir::Cache::archives={archives}", *wanted])
    return ran.returncode == 0


def own_lists(folder):
    """A fresh machine has no package lists, and only root may fetch those of the machine."""
    lists = ["-o", f"Dir::State::lists={folder}/lists"]
    (folder / "lists" / "partial").mkdir(parents=True)
    update = ["apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={folder}/cache", *lists, "update"]
    subprocess.run(update, check=True)
    return lists


def program(folder):
    """The program with its libraries beside it."""
    run = folder / "run"
    paths = ":".join(str(path) for path in sorted((folder / "root/usr/lib").glob("*-linux-*")))
    run.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH="{paths}" exec "{folder}/root/usr/bin/rauc" "$@"\n')
    run.chmod(0o755)
    return run


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: install.py FOLDER")
    folder = pathlib.Path(sys.argv[1]).absolute()
    if (folder / "run").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "cache").mkdir(parents=True)
    os.chmod(folder, 0o755)
    if not download(folder, []):
        shutil.rmtree(folder / "archives")
        if not download(folder, own_lists(folder)):
            sys.exit("cannot download rauc; see above")
    for package in sorted((folder / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    for left in ("archives", "cache", "lists"):
        shutil.rmtree(folder / left, ignore_errors=True)
    subprocess.run([program(folder), "--version"], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
