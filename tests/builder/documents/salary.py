"""The verdicts of OPA: `salary.py RULES DATA REQUESTS` prints one a line, and that its tests pass."""

import json
import sys
from pathlib import Path

from opa_bindings import OpaEngine

rules, data, requests = map(Path, sys.argv[1:])
engine = OpaEngine()
for file in sorted(rules.iterdir()):
    engine.add_policy(file.name, file.read_text())
engine.add_data(json.loads(data.read_text()))


def ask(path, text):
    found = engine._call(engine._lib.OpaEvalDocument, path, text.encode(), 0, 0)
    return found["result"][0]["expressions"][0]["value"]


for request in requests.read_text().splitlines():
    print("allowed" if ask(b"httpapi.authz.allow", request) else "denied")

tests = {k: v for k, v in ask(b"httpapi.authz_test", "{}").items() if k.startswith("test_")}
assert len(tests) == 3 and all(tests.values()), tests
