"""What `opa-python-client` sees of a server, asserted; the server's port is the argument."""

import asyncio
import sys

import requests
from opa_client import OpaClient, errors
from opa_client.opa_async import AsyncOpaClient

PORT = int(sys.argv[1])
PANIC = {"do": "panic"}
WRITING = (
    "policies and their settings are part of this server and its configuration: "
    "nothing can be written here"
)


def raised(kind, call, *arguments):
    """The error that a call ends with."""
    try:
        found = call(*arguments)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {found}")


def status(call, *arguments):
    """The status of the HTTP error that a call ends with."""
    return raised(requests.HTTPError, call, *arguments).response.status_code


with OpaClient(host="127.0.0.1", port=PORT, timeout=30, retries=0) as client:
    # Is it there?
    assert client.check_connection() is True
    assert client.check_health() is True
    assert client.check_health({"bundles": True, "plugins": True}) is True
    assert client.wait_for_ready(timeout=5, query={"bundles": True}) is True
    raised(errors.ConnectionsError, OpaClient(host="127.0.0.1", port=1).check_connection)

    # Decisions.
    found = client.query_rule({"x": [{"y": 1}]}, "http.authz", "x/0")
    assert found == {"result": {"y": 1}}, found
    assert client.query_rule({"allowed": True}, "http/authz", "allowed") == {"result": True}
    assert client.query_rule({"x": 1}, "http.authz", "y") == {}
    found = client.query_rule({}, "nothing", "allow")
    assert found["warning"]["code"] == "undefined" and "result" not in found, found
    found = client.query_rule(1, "http.authz", query_params={"metrics": True, "pretty": True})
    assert found["result"] == 1 and found["metrics"]["timer_server_handler_ns"] > 0, found
    assert status(client.query_rule, PANIC, "stress") == 500
    assert status(client.query_rule, {"do": "rest"}, "stress") == 400
    assert client.get_data("http/authz?input=7")["result"] == 7
    raised(errors.PolicyNotFoundError, client.get_data, "nothing")

    # What is served.
    assert client.get_policies_list() == ["http/authz", "stress"]
    root = f"http://127.0.0.1:{PORT}/v1"
    assert client.get_policies_info() == {
        "http/authz": {"path": f"{root}/data/http/authz", "rules": []},
        "stress": {"path": f"{root}/data/stress", "rules": []},
    }
    assert client.get_policy("http/authz")["result"]["version"] == "1.2.0"
    raised(errors.PolicyNotFoundError, client.get_policy, "nothing")
    config = client.get_config()["result"]
    assert config["labels"] == {} and config["confinement"]["mode"] == "enforce"
    assert "policy_engine_decisions_total{" in client.get_metrics()

    # What cannot be done is told in words.
    for kind, call, arguments in [
        (errors.RegoParseError, client.update_policy_from_string, ("package a", "a")),
        (errors.RegoParseError, client.update_or_create_data, ({}, "a")),
        (errors.PatchDataError, client.patch_data, ("a", [])),
        (errors.DeletePolicyError, client.delete_policy, ("stress",)),
        (errors.DeleteDataError, client.delete_data, ("stress",)),
    ]:
        error = str(raised(kind, call, *arguments))
        assert "invalid_operation" in error and WRITING in error, error
    # These send Rego, which is not what is asked here.
    assert status(client.bulk_query_rule, [{}], "stress", "allowed") == 404
    assert status(client.ad_hoc_query, "data.stress") == 404
    assert status(client.compile_query, "data.stress.allowed == true") == 404


async def asynchronous():
    async with AsyncOpaClient(host="127.0.0.1", port=PORT, timeout=30) as client:
        assert await client.check_connection() is True
        assert await client.check_health() is True
        found = await client.query_rule({"x": 1}, "http.authz", "x")
        assert found == {"result": 1}, found
        assert await client.get_policies_list() == ["http/authz", "stress"]


asyncio.run(asynchronous())
print("all is as it should be")
