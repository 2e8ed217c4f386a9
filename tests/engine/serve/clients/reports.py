"""Reads the reports `junit`, `sarif`, `tap` and `markdown` of the current folder, and prints what they say as JSON."""

import glob
import io
import json
import sys
import tarfile

from junitparser import JUnitXml
from markdown_it import MarkdownIt
from sarif_pydantic import Sarif
from tap.parser import Parser
from xmlschema import XMLSchema

# The schema that Jenkins publishes, in all its versions.
[sources] = glob.glob(f"{sys.prefix}/junit/*.tar.gz")
with tarfile.open(sources) as archive:
    schemas = [member for member in archive if member.name.endswith("/junit-10.xsd")]
    assert schemas
    for schema in schemas:
        XMLSchema(io.BytesIO(archive.extractfile(schema).read())).validate("junit")

junit = JUnitXml.fromfile("junit")
cases = [case for suite in junit for case in suite]
problems = [problem for case in cases for problem in case.result]

sarif = open("sarif", encoding="utf-8").read()
run = Sarif.model_validate_json(sarif).runs[0]
# Which that model leaves out.
failures = json.loads(sarif)["runs"][0]["invocations"][0]["toolExecutionNotifications"]
results = []
for result in run.results:
    place = result.locations[0].physical_location
    assert run.tool.driver.rules[result.rule_index].id == result.rule_id
    results.append(
        {
            "rule": result.rule_id,
            "message": result.message.text,
            "uri": place.artifact_location.uri,
            "line": place.region.start_line,
            "column": place.region.start_column,
        }
    )

tests = [line for line in Parser().parse_file("tap") if line.category == "test"]
assert all(test.ok or test.yaml_block[0]["message"] for test in tests)

table = MarkdownIt("commonmark").enable("table").parse(open("markdown", encoding="utf-8").read())

json.dump(
    {
        "junit": {
            "counts": [junit.tests, junit.failures, junit.errors],
            "failures": [problem.text for problem in problems if problem.type == "denied"],
        },
        "sarif": results,
        "sarif-failures": [failure["message"]["text"] for failure in failures],
        "tap": [test.ok for test in tests],
        # Without the header's.
        "markdown-rows": sum(token.type == "tr_open" for token in table) - 1,
    },
    sys.stdout,
)
