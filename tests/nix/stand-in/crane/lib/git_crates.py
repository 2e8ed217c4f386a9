"""Lays out the crates of a checkout, each as NAME-VERSION, with what it takes from its workspace
filled in: `git_crates.py CHECKOUT OUT`. Paths in manifests stay as they are, as in the original."""

import json
import pathlib
import shutil
import sys
import tomllib


def read(folder):
    return tomllib.loads((folder / "Cargo.toml").read_text())


def inherits(value):
    return isinstance(value, dict) and value.get("workspace") is True


def resolved(value, shared):
    """A value, or the workspace's with what the crate adds."""
    if not inherits(value):
        return value
    if not isinstance(shared, dict):
        return shared if len(value) == 1 else resolved(value, {"version": shared})
    own = {key: added for key, added in value.items() if key != "workspace"}
    features = {"features": shared.get("features", []) + own.pop("features", [])}
    return shared | own | (features if features["features"] else {})


def merged(document, workspace):
    """A manifest that stands on its own."""
    document = dict(document)
    for name, table in document.items():
        if name in ("dependencies", "dev-dependencies", "build-dependencies"):
            shared = workspace.get("dependencies", {})
        else:
            shared = workspace.get(name, {}) if name in ("package", "lints") else {}
        if inherits(table):
            document[name] = shared
        elif isinstance(table, dict):
            document[name] = {key: resolved(value, shared.get(key)) for key, value in table.items()}
    return document


def toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def main(checkout, out):
    manifests = sorted(checkout.rglob("Cargo.toml"))
    for manifest in manifests:
        folder, document = manifest.parent, read(manifest.parent)
        if "package" not in document:
            continue
        above = [parent for parent in [folder, *folder.parents] if parent.is_relative_to(checkout)]
        roots = (read(parent) for parent in above if (parent / "Cargo.toml").is_file())
        workspace = next((root["workspace"] for root in roots if "workspace" in root), {})
        whole = merged(document, workspace)
        package = whole["package"]
        place = out / f"{package['name']}-{package.get('version', '0.0.0')}"
        # Other crates in its folder are no part of it.
        others = {other.parent for other in manifests} - {folder}
        shutil.copytree(
            folder,
            place,
            ignore=lambda path, names: [
                name for name in names if name == ".git" or pathlib.Path(path, name) in others
            ],
        )
        if whole != document:
            lines = [f"{json.dumps(name)} = {toml(table)}\n" for name, table in whole.items()]
            (place / "Cargo.toml").write_text("".join(lines))
        (place / ".cargo-checksum.json").write_text('{"files":{},"package":null}')


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
