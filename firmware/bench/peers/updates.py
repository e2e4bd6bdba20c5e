"""What an install costs beside others, all with the same bytes on the same disk in one run.

    python3 firmware/bench/peers/updates.py --install PROGRAM --repo PROGRAM --python-tuf PYTHON
        --rauc PROGRAM --out DIR [--mib 300]... [--folder FOLDER]
        [--delta-program PROGRAM --delta OLD NEW]...

    --install     install_300 of the crate install, built with --release
    --repo        kiosk-repo
    --python-tuf  a Python that has python-tuf (target/opponents/python-tuf/bin/python)
    --rauc        Debian's rauc (target/opponents/rauc/run); it mounts bundles, so only as root

Rows, each a process of its own: a plain write with fsync; ours from a plain image and from a packed
one, read back and hashed; python-tuf, which verifies a download and does not sync it; rauc, which
writes a plain bundle to a slot. Seconds of wall clock and of processor time, and the most memory
that was held. Writes DIR/updates.json and prints a table. A peer that is missing is said so.

    --delta-program  the example delta of the crate install, built with --release
    --delta OLD NEW  two builds of a program or two images that are not packed: how large the second is
                     packed, and as a delta from the first; zstd's and xdelta3's own deltas beside it
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
COMPATIBLE = "bench"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, stdout=subprocess.PIPE, text=True, **more)


def measured(*words, **more):
    """Runs a program; gives its wall clock, its processor time and the most memory that it held."""
    began = time.monotonic()
    child = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, **more)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    if status != 0:
        sys.exit(f"{words[0]} failed")
    return {"seconds": seconds, "cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss // 1024}


def plain_write(image, folder):
    code = (
        "import os,sys\n"
        "with open(sys.argv[1],'rb') as f, open(sys.argv[2],'wb') as t:\n"
        "    while piece := f.read(1 << 16): t.write(piece)\n"
        "    t.flush(); os.fsync(t.fileno())\n"
    )
    row = measured(sys.executable, "-I", "-c", code, image, folder / "plain")
    (folder / "plain").unlink()
    return row


def ours(program, image, folder, packing):
    slots = folder / "slots"
    slots.mkdir()
    row = json.loads(run(program, "one", image, slots, packing).stdout)
    shutil.rmtree(slots)
    return row


class Repository:
    """Signed by kiosk-repo, with the image as a release."""

    def __init__(self, repo, image, folder):
        self.folder = folder / "release"
        self.folder.mkdir()
        names = ["root", "targets-1", "targets-2", "snapshot", "timestamp"]
        step = lambda *words: run(repo, *words, cwd=self.folder, input="yes\n", stderr=subprocess.DEVNULL)
        for name in [*names, "root-2", "root-3", "targets-3"]:
            step("new-key", name)
        keys = []
        for role, all_keys in [("root", ["root", "root-2", "root-3"]), ("targets", names[1:3] + ["targets-3"])]:
            for key in all_keys:
                keys += [f"--{role}-key", f"{key}.pub"]
        step("init", "repository", *keys, "--snapshot-key", "snapshot.pub", "--timestamp-key", "timestamp.pub")
        step(
            *("add-release", "repository", "--target", "app/image", image, "--hw", "pc-dev", "--kind", "app"),
            *("--release-seq", "1", "--min-release-seq", "1"),
        )
        for role, signers in [("root", ["root", "root-2"]), ("targets", ["targets-1", "targets-2"])]:
            step("draft", "repository", role, "request")
            for signer in signers:
                step("sign", "request", "--key", signer, "--out", f"{role}-{signer}.signature")
                step("merge", "repository", f"{role}-{signer}.signature")
            (self.folder / "request").unlink()
        step("publish", "repository", "--snapshot-key", "snapshot", "--timestamp-key", "timestamp")
        self.served = subprocess.Popen(
            [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", self.folder / "repository"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = f"http://127.0.0.1:{self.served.stdout.readline().split(' port ')[1].split(' ')[0]}"

    def fetch(self, python, folder):
        code = (
            "import sys\n"
            "from tuf.ngclient import Updater\n"
            "url, place = sys.argv[1:]\n"
            "root = open(place + '/root.json', 'rb').read()\n"
            "places = [place + '/metadata', url + '/metadata/', place + '/targets', url + '/targets/']\n"
            "updater = Updater(*places, bootstrap=root)\n"
            "updater.refresh()\n"
            "updater.download_target(updater.get_targetinfo('app/image'))\n"
        )
        place = folder / "python-tuf"
        for name in ["metadata", "targets"]:
            (place / name).mkdir(parents=True)
        shutil.copy(self.folder / "repository/metadata/1.root.json", place / "root.json")
        row = measured(python, "-c", code, self.url, place)
        shutil.rmtree(place)
        return row


class Rauc:
    """Debian's rauc on a bus of its own, with slots that are files."""

    def __init__(self, program, image, folder):
        self.program, self.folder = program, folder / "rauc"
        self.folder.mkdir()
        at = lambda name: str(self.folder / name)
        size = image.stat().st_size
        for slot in ["a.img", "b.img"]:
            with open(at(slot), "wb") as file:
                file.truncate(size)
        with open(at("loader"), "w") as loader:
            loader.write(
                "#!/bin/sh\ncase $1 in get-primary) echo A;; get-state) echo good;; get-current) echo A;; esac\n"
            )
        os.chmod(at("loader"), 0o755)
        with open(at("system.conf"), "w") as conf:
            conf.write(
                f"[system]\ncompatible={COMPATIBLE}\nbootloader=custom\nstatusfile={at('status')}\n"
                f"mountprefix={at('mnt')}\nbundle-formats=plain verity\n"
                f"[handlers]\nbootloader-custom-backend={at('loader')}\n[keyring]\npath={at('test.crt')}\n"
                f"[slot.rootfs.0]\ndevice={at('a.img')}\ntype=raw\nbootname=A\n"
                f"[slot.rootfs.1]\ndevice={at('b.img')}\ntype=raw\nbootname=B\n"
            )
        run(
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", at("test.key"), "-out", at("test.crt"), "-days", "2", "-subj", "/CN=test"),
            stderr=subprocess.DEVNULL,
        )
        (self.folder / "in").mkdir()
        os.link(image, at("in/rootfs.img"))
        with open(at("in/manifest.raucm"), "w") as manifest:
            manifest.write(
                f"[update]\ncompatible={COMPATIBLE}\nversion=1\n[bundle]\nformat=plain\n"
                "[image.rootfs]\nfilename=rootfs.img\n"
            )
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        signed = ["--cert", at("test.crt"), "--key", at("test.key")]
        subprocess.run([program, "bundle", *signed, at("in"), at("bundle.raucb")], check=True, **quiet)
        with open(at("bus.conf"), "w") as bus:
            bus.write(
                f"<busconfig><listen>unix:path={at('bus')}</listen><auth>EXTERNAL</auth>"
                '<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>'
                '<allow own="*"/><allow user="*"/></policy></busconfig>'
            )
        self.bus = subprocess.Popen(["dbus-daemon", f"--config-file={at('bus.conf')}", "--nofork"], **quiet)
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={at('bus')}"}
        while not os.path.exists(at("bus")):
            time.sleep(0.05)
        words = [program, f"--conf={at('system.conf')}", "--override-boot-slot=A", "service"]
        self.service = subprocess.Popen(words, env=self.environment, **quiet)
        time.sleep(2)

    def install(self):
        before = self.usage()
        row = measured(
            *(self.program, "install", self.folder / "bundle.raucb"),
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        after = self.usage()
        # The service does the work; what the command line tool held is little.
        return {"seconds": row["seconds"], "cpu": row["cpu"] + after[0] - before[0], "mib": after[1]}

    def usage(self):
        """Processor seconds and the most memory of the service."""
        with open(f"/proc/{self.service.pid}/stat") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        with open(f"/proc/{self.service.pid}/status") as file:
            held = next(line for line in file if line.startswith("VmHWM:"))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), int(held.split()[1]) // 1024

    def end(self):
        self.service.kill()
        self.bus.kill()


def rounds(measure):
    """The middle of three by wall clock."""
    return sorted((measure() for _ in range(ROUNDS)), key=lambda row: row["seconds"])[ROUNDS // 2]


def bench(mib, asked):
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        folder = pathlib.Path(folder)
        image = folder / "image"
        run(asked.install, "make", image, mib)
        rows = {
            "plain write + fsync": rounds(lambda: plain_write(image, folder)),
            "ours, plain image": rounds(lambda: ours(asked.install, image, folder, "plain")),
            "ours, packed image": rounds(lambda: ours(asked.install, image, folder, "zstd")),
        }
        repository = Repository(asked.repo, image, folder)
        if asked.python_tuf:
            rows["python-tuf, verified download"] = rounds(lambda: repository.fetch(asked.python_tuf, folder))
        repository.served.kill()
        # A plain bundle of 2 GiB and more is signed in part only, and rauc maps it whole.
        if asked.rauc and os.geteuid() == 0 and mib < 2048:
            rauc = Rauc(asked.rauc, image, folder)
            rows["rauc install, plain bundle"] = rounds(rauc.install)
            rauc.end()
        return rows


def peer_deltas(old, new, folder):
    """Deltas of the whole file at once, where the machine has the programs: ours holds a part of it."""
    made, back = folder / "made", folder / "back"
    zstd = ["--long=31", f"--patch-from={old}", "-qq", "-f"]
    peers = {
        "zstd -19 --patch-from": (
            ["zstd", "-19", *zstd, new, "-o", made],
            ["zstd", "-d", "--memory=2048MB", *zstd, made, "-o", back],
        ),
        "xdelta3 -9": (
            ["xdelta3", "-9", "-f", "-e", "-s", old, new, made],
            ["xdelta3", "-f", "-d", "-s", old, made, back],
        ),
    }
    rows = {}
    for name, (make, apply) in peers.items():
        if not shutil.which(make[0]):
            rows[name] = None
            continue
        making, applying = measured(*make), measured(*apply)
        if back.read_bytes() != new.read_bytes():
            sys.exit(f"{name} does not give {new}")
        rows[name] = {"bytes": made.stat().st_size, "making": making, "applying": applying}
    return rows


def delta(old, new, asked):
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        row = json.loads(run(asked.delta_program, old, new, folder).stdout)
        row["peers"] = peer_deltas(old, new, pathlib.Path(folder))
    return row


def delta_table(old, new, row):
    whole = row["whole"]["bytes"]
    lines = [
        f"### {new.name}, {row['new']:,} bytes, from {old.name}, {row['old']:,} bytes",
        "",
        "| | bytes to fetch | % of whole | s to make | s to install | MiB held by it |",
        "|---|--:|--:|--:|--:|--:|",
    ]

    def line(name, size, making, seconds, mib):
        lines.append(f"| {name} | {size:,} | {size * 100 / whole:.1f} | {making:.1f} | {seconds:.2f} | {mib} |")

    for name, key, installed in [
        ("whole, packed", "whole", "install whole"),
        ("zstd-patch/1", "delta", "install by delta"),
    ]:
        line(name, row[key]["bytes"], row[key]["seconds"], row[installed]["seconds"], row[installed]["mib"])
    for name, peer in row["peers"].items():
        if peer is None:
            lines.append(f"| {name} | not measured: this machine has no such program | | | | |")
        else:
            applying = peer["applying"]
            line(name, peer["bytes"], peer["making"]["seconds"], applying["seconds"], applying["mib"])
    return "\n".join(lines) + "\n"


def table(mib, rows):
    plain = rows["plain write + fsync"]["seconds"]
    lines = [f"### {mib} MiB", "", "| | s | of a plain write | cpu s | MiB held |", "|---|--:|--:|--:|--:|"]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['seconds']:.2f} | {row['seconds'] / plain:.2f} | {row['cpu']:.2f} | {row['mib']} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", required=True, type=pathlib.Path)
    parser.add_argument("--repo", required=True, type=pathlib.Path)
    parser.add_argument("--python-tuf", type=pathlib.Path)
    parser.add_argument("--rauc", type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--mib", action="append", type=int)
    parser.add_argument("--folder", type=pathlib.Path, help="on the disk that is to be measured")
    parser.add_argument("--delta-program", type=pathlib.Path)
    parser.add_argument("--delta", action="append", nargs=2, type=pathlib.Path, default=[], metavar=("OLD", "NEW"))
    asked = parser.parse_args()
    if asked.delta and not asked.delta_program:
        parser.error("--delta needs --delta-program")
    for file in [file for pair in asked.delta for file in pair]:
        if not file.is_file():
            parser.error(f"--delta: {file} is no file")
    for name in ["install", "repo", "python_tuf", "rauc", "delta_program"]:
        if path := getattr(asked, name):
            setattr(asked, name, path.absolute())
    every = {}
    for mib in asked.mib or [300]:
        every[mib] = bench(mib, asked)
        print(table(mib, every[mib]))
    every["deltas"] = []
    for old, new in asked.delta:
        row = delta(old.absolute(), new.absolute(), asked)
        every["deltas"].append({"from": str(old), "to": str(new), **row})
        print(delta_table(old, new, row))
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "updates.json").write_text(json.dumps(every, indent=2) + "\n")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
