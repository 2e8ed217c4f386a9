"""Says what an image is made of: its configuration and which store paths make up each layer.

Nix scans the description for references, so whoever has it has the image's files as well.
"""

import json
import os
import pathlib

attrs = json.loads(pathlib.Path(os.environ["NIX_ATTRS_JSON_FILE"]).read_text())
out = pathlib.Path(attrs["outputs"]["out"])

scaffolding = {attrs["config"], attrs["customisation"]}
paths = sorted(entry["path"] for entry in attrs["closure"] if entry["path"] not in scaffolding)

# One path a layer; the last layer but the customisation takes what is left.
single = attrs["maxLayers"] - 2
layers = [[path] for path in paths[:single]]
if paths[single:]:
    layers.append(paths[single:])

description = {
    "architecture": attrs["architecture"],
    "config": json.loads(pathlib.Path(attrs["config"]).read_text()),
    "created": attrs["created"],
    "customisation": attrs["customisation"],
    "layers": layers,
    "mtime": attrs["mtime"],
    "name": attrs["image"],
    # A store path's hash is the 32 characters before its name.
    "tag": attrs["tag"] or out.name[:32],
}
out.write_text(json.dumps(description, sort_keys=True))
