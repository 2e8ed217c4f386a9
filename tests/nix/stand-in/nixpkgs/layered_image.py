"""Prints the image that a description (see image_description.py) tells of, as a docker-archive:
each layer, then the configuration, then manifest.json. The same description, the same bytes."""

import datetime
import hashlib
import io
import json
import pathlib
import sys
import tarfile


def seconds(time):
    return int(datetime.datetime.fromisoformat(time).timestamp())


def add(archive, path, name, mtime):
    """Adds a file, link or folder (with all in it, by name) as root's, changed at `mtime`."""
    # Equal files share an inode in an optimised store: that makes them no hard links here.
    archive.inodes.clear()
    member = archive.gettarinfo(path, name)
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = mtime
    if member.isfile():
        with path.open("rb") as content:
            archive.addfile(member, content)
        return
    archive.addfile(member)
    if member.isdir():
        for child in sorted(path.iterdir()):
            add(archive, child, f"{name}/{child.name}", mtime)


def folder(archive, name, mtime):
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, mtime
    member.uname = member.gname = "root"
    archive.addfile(member)


def store_layer(paths, mtime):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT) as archive:
        folder(archive, "nix", mtime)
        folder(archive, "nix/store", mtime)
        for path in paths:
            add(archive, pathlib.Path(path), path.lstrip("/"), mtime)
    return content.getvalue()


def print_image(description, output):
    mtime = seconds(description["mtime"])
    layers = [store_layer(paths, mtime) for paths in description["layers"]]
    comments = [f"store paths: {paths}" for paths in description["layers"]]
    layers.append(pathlib.Path(description["customisation"], "layer.tar").read_bytes())
    comments.append("customisation layer")

    digests = [hashlib.sha256(content).hexdigest() for content in layers]
    created = description["created"]
    if created == "now":
        created = datetime.datetime.now(tz=datetime.timezone.utc).isoformat()
    config = {
        "created": created,
        "architecture": description["architecture"],
        "os": "linux",
        "config": description["config"],
        "rootfs": {"diff_ids": [f"sha256:{digest}" for digest in digests], "type": "layers"},
        "history": [{"created": created, "comment": comment} for comment in comments],
    }
    config_bytes = json.dumps(config, indent=4).encode()
    config_name = f"{hashlib.sha256(config_bytes).hexdigest()}.json"
    manifest = [
        {
            "Config": config_name,
            "RepoTags": [f"{description['name']}:{description['tag']}"],
            "Layers": [f"{digest}/layer.tar" for digest in digests],
        }
    ]

    with tarfile.open(fileobj=output, mode="w|", format=tarfile.GNU_FORMAT) as archive:

        def file(name, content):
            member = tarfile.TarInfo(name)
            member.size, member.mtime, member.mode = len(content), mtime, 0o644
            archive.addfile(member, io.BytesIO(content))

        for digest, content in dict(zip(digests, layers)).items():
            file(f"{digest}/layer.tar", content)
        file(config_name, config_bytes)
        file("manifest.json", json.dumps(manifest).encode())


print_image(json.loads(pathlib.Path(sys.argv[1]).read_text()), sys.stdout.buffer)
