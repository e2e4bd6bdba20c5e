"""Installs python-tuf, the specification's reference implementation, for the tests.

    python3 firmware/tuf/tests/python_tuf/install.py target/opponents/python-tuf

Makes a virtual environment there and installs `requirements.txt`.
"""

import pathlib
import shutil
import subprocess
import sys


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: install.py FOLDER")
    folder = pathlib.Path(sys.argv[1])
    requirements = pathlib.Path(__file__).with_name("requirements.txt")
    done = folder / "installed-requirements.txt"
    if done.exists() and done.read_text() == requirements.read_text():
        return
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "-r", requirements], check=True)
    subprocess.run([python, "-c", "import tuf.ngclient"], check=True)
    done.write_text(requirements.read_text())


if __name__ == "__main__":
    main()
