"""python-tuf on the other side.

    opponent.py make FOLDER KEYTYPE     writes a repository: metadata/, targets/
    opponent.py fetch FOLDER URL NAME   follows our repository and prints the target

`make` uses one key of KEYTYPE a role; root and targets need two of three. It delegates `os/*`
to a role `os`, and `hashed` by prefixes of digests. Two versions of everything, two roots.
"""

import datetime
import hashlib
import pathlib
import sys
import tempfile

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer
from tuf.ngclient import Updater

# Within the day on which the tests happen, whatever day it is.
EXPIRES = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)


def signed(body, signers):
    metadata = Metadata(body)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes(JSONSerializer(compact=body.version % 2 == 0))


def announced(body, data):
    return MetaFile(body.version, len(data), {"sha512": hashlib.sha512(data).hexdigest()})


def make(folder, keytype):
    new = {
        "ed25519": CryptoSigner.generate_ed25519,
        "ecdsa": CryptoSigner.generate_ecdsa,
        "rsa": CryptoSigner.generate_rsa,
    }[keytype]
    keys = {role: [new() for _ in range(3)] for role in ("root", "targets")}
    keys |= {role: [new()] for role in ("snapshot", "timestamp", "os", "hashed")}

    root = Root(expires=EXPIRES, consistent_snapshot=True)
    for role in ("root", "targets", "snapshot", "timestamp"):
        for signer in keys[role]:
            root.add_key(signer.public_key, role)
        root.roles[role].threshold = len(keys[role]) // 2 + 1

    metadata, targets = folder / "metadata", folder / "targets"
    metadata.mkdir(parents=True)

    def write(name, data):
        (metadata / name).write_bytes(data)
        return data

    write("1.root.json", signed(root, keys["root"][:2]))
    # A key of root goes, another comes; the old ones sign once more.
    leaving, coming = keys["root"][0], new()
    root.revoke_key(leaving.public_key.keyid, "root")
    root.add_key(coming.public_key, "root")
    root.version = 2
    write("2.root.json", signed(root, [leaving, keys["root"][1], coming]))

    os_path, hashed_path, plain_path = "os/pi5/image 1.img", "anything/at all", "xin chào.txt"
    prefix = hashlib.sha256(hashed_path.encode()).hexdigest()[:2]
    bodies = {name: Targets(expires=EXPIRES) for name in ("targets", "os", "hashed")}
    bodies["targets"].delegations = Delegations(
        {},
        {
            "os": DelegatedRole("os", [], 1, True, paths=["os/*/*.img"]),
            "hashed": DelegatedRole("hashed", [], 1, False, path_hash_prefixes=[prefix]),
        },
    )
    for role in ("os", "hashed"):
        bodies["targets"].add_key(keys[role][0].public_key, role)
    for role, path in (("targets", plain_path), ("os", os_path), ("hashed", hashed_path)):
        content = f"{role} lists {path}".encode()
        listed = TargetFile.from_data(path, content, ["sha512"])
        listed.unrecognized_fields["custom"] = {"release_seq": 7, "words": "một\nchạm \"\\/"}
        bodies[role].targets[path] = listed
        place = targets / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(f"{listed.hashes['sha512']}.{place.name}").write_bytes(content)

    snapshot, timestamp = Snapshot(expires=EXPIRES), Timestamp(expires=EXPIRES)
    for version in (1, 2):
        for role, body in bodies.items():
            body.version = version
            data = write(f"{version}.{role}.json", signed(body, keys[role][1:] or keys[role]))
            snapshot.meta[f"{role}.json"] = announced(body, data)
        snapshot.version = timestamp.version = version
        data = write(f"{version}.snapshot.json", signed(snapshot, keys["snapshot"]))
        timestamp.snapshot_meta = announced(snapshot, data)
        write("timestamp.json", signed(timestamp, keys["timestamp"]))


def fetch(folder, url, name):
    with tempfile.TemporaryDirectory() as home:
        updater = Updater(
            home,
            f"{url}/metadata/",
            home,
            f"{url}/targets/",
            bootstrap=(folder / "metadata/1.root.json").read_bytes(),
        )
        updater.refresh()
        target = updater.get_targetinfo(name)
        if target is None:
            sys.exit(f"nobody lists {name}")
        sys.stdout.buffer.write(pathlib.Path(updater.download_target(target)).read_bytes())


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, keytype]:
            make(pathlib.Path(folder), keytype)
        case ["fetch", folder, url, name]:
            fetch(pathlib.Path(folder), url, name)
        case _:
            sys.exit(__doc__)
