"""Writes `store-paths` and `registration` from the references graph that Nix hands to a builder."""

import json
import os
import pathlib

attrs = json.loads(pathlib.Path(os.environ["NIX_ATTRS_JSON_FILE"]).read_text())
out = pathlib.Path(attrs["outputs"]["out"])
closure = sorted(attrs["closure"], key=lambda entry: entry["path"])


def registration(entry):
    """Path, hash, size, an empty deriver, then the number of references and each of them."""
    references = sorted(entry["references"])
    hash_in_base_16 = entry["narHash"].removeprefix("sha256:")
    lines = [entry["path"], hash_in_base_16, entry["narSize"], "", len(references), *references]
    return "".join(f"{line}\n" for line in lines)


out.mkdir()
(out / "store-paths").write_text("".join(f"{entry['path']}\n" for entry in closure))
(out / "registration").write_text("".join(map(registration, closure)))
(out / "total-nar-size").write_text(f"{sum(entry['narSize'] for entry in closure)}\n")
