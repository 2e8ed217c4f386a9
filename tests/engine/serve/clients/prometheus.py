"""Reads Prometheus' text format from standard input, and prints what it says as JSON."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, family.name
    samples = [{"labels": it.labels, "value": it.value} for it in family.samples]
    families[family.name] = {"type": family.type, "samples": samples}
json.dump(families, sys.stdout)
