"""Reads an SBOM and a statement as those who wrote the formats do; both are named on the command line."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf.json_format import Parse
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

sbom, statement = (open(path, encoding="utf-8").read() for path in sys.argv[1:])

wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom)
assert wrong is None, wrong

parsed = Parse(statement, statement_pb2.Statement())
Statement.copy_from_pb(parsed).validate()
# A field that SLSA's own message does not have is an error.
provenance = Parse(json.dumps(json.loads(statement)["predicate"]), provenance_pb2.Provenance())
assert provenance.build_definition.resolved_dependencies, provenance

print("all is as it should be")
