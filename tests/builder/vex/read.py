"""Reads a statement with an OpenVEX document as those do who wrote other tools for the formats."""

import json
import sys

from google.protobuf.json_format import Parse
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from vexipy import Document

with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()

Statement.copy_from_pb(Parse(text, statement_pb2.Statement())).validate()
predicate = json.loads(text)["predicate"]
document = Document.from_json(json.dumps(predicate))
assert document.context == "https://openvex.dev/ns/v0.2.0", document.context
assert [statement.status.value for statement in document.statements] == [
    "not_affected",
    "affected",
], document
print(f"{len(document.statements)} statements")
