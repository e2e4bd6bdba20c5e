"""Installs emupos, an ESC/POS printer emulator of other people, for the tests.

    python3 firmware/drivers/tests/emupos/install.py target/opponents/emupos

Makes a virtual environment there and installs `requirements.txt`. emupos is written for
Python 3.13; a Debian 12 has 3.11, so where no newer one is found, three new spellings in
its source are written the old way. What it does stays the same.
"""

import pathlib
import re
import shutil
import subprocess
import sys

WRITTEN_FOR = (3, 13)


def newest_python():
    """The first interpreter that emupos is written for, or else the one that runs this."""
    for name in ("python3.14", "python3.13", "python3"):
        path = shutil.which(name)
        if path and version(path) >= WRITTEN_FOR:
            return path
    return sys.executable


def version(python):
    said = "import sys; print(*sys.version_info[:2])"
    ran = subprocess.run([python, "-c", said], capture_output=True, text=True)
    return tuple(map(int, ran.stdout.split())) if ran.returncode == 0 else (0, 0)


def write_the_old_way(package):
    for path in package.rglob("*.py"):
        old = text = path.read_text(encoding="utf-8")
        # PEP 695: `type Name = ...`, and type parameters of functions.
        text = re.sub(r"^(\s*)type (\w+) = ", r"\1\2 = ", text, flags=re.M)
        function = r"^((?:async )?(?:def|class) \w+)\[(\w+)\]\("
        names = sorted({found[1] for found in re.findall(function, text, flags=re.M)})
        text = re.sub(function, r"\1(", text, flags=re.M)
        if names:
            lines = "".join(f'{n} = __import__("typing").TypeVar("{n}")\n' for n in names)
            imports = re.search(r"^(?:from|import) .*?\n\n", text, flags=re.M | re.S)
            text = text[: imports.end()] + lines + text[imports.end() :]
        if text != old:
            path.write_text(text, encoding="utf-8")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: install.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    requirements = pathlib.Path(__file__).with_name("requirements.txt")
    done = folder / "installed-requirements.txt"
    if done.exists() and done.read_text() == requirements.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    python = newest_python()
    subprocess.run([python, "-m", "venv", folder], check=True)
    ours = folder / "bin" / "python"
    pip = [ours, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--ignore-requires-python", "-r", requirements], check=True)
    if version(ours) < WRITTEN_FOR:
        (package,) = folder.glob("lib/python3.*/site-packages/emupos")
        write_the_old_way(package)
    subprocess.run([folder / "bin" / "emupos", "--version"], check=True)
    done.write_text(requirements.read_text())


if __name__ == "__main__":
    main()
