"""OPA as a subject: `subject.py RULES CASES`, with the package opa-golib-python-bindings.

The input goes to OPA as the text that it is, past Python's JSON, and OPA's text is what is timed.
"""

import json
import sys
import time
from pathlib import Path

from opa_bindings import OpaEngine

POLICIES = Path(__file__).parent.parent / "peers" / "policies"


def main():
    rules, file = sys.argv[1:]
    cases = json.loads(Path(file).read_text())
    engine = OpaEngine()
    if rules == "http-authz":
        path = b"rbac.allow"
        engine.add_policy("rbac.rego", (POLICIES / "rbac.rego").read_text())
        engine.add_data(cases["settings"])
    else:
        path = b"pod_security.allow"
        policy = POLICIES / "pod_security_restricted.rego"
        engine.add_policy(policy.name, policy.read_text())
    inputs = [
        json.dumps(case["input"], separators=(",", ":")).encode()
        for case in cases["cases"]
    ]
    evaluate = engine._lib.OpaEvalDocument

    def decide(text):
        return engine._call(evaluate, path, text, 0, 0)

    verdicts = [decide(text)["result"][0]["expressions"][0]["value"] for text in inputs]
    print(json.dumps(verdicts), flush=True)
    for line in sys.stdin:
        rounds = int(line.split()[0])
        start = time.perf_counter_ns()
        for _ in range(rounds):
            for text in inputs:
                decide(text)
        print(time.perf_counter_ns() - start, flush=True)


main()
