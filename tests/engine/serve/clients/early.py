"""Answers that do not wait for a request's body, as Python's own client takes them."""

import http.client
import sys

PORT = int(sys.argv[1])
TOKEN = {"authorization": "Bearer secret"}


def connect():
    return http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)


def ask(connection, method, path, body, headers):
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    response.read()
    return response


# The body is sent after the head, and is still on its way when the answer is made.
for method, path, headers, status in [
    ("POST", "/v1/data/echo", {}, 401),
    ("POST", "/nowhere", TOKEN, 404),
    ("PUT", "/v1/data/echo", TOKEN, 405),
    ("POST", "/v1/data/%ff", TOKEN, 400),
    ("POST", "/v1/data/echo", TOKEN | {"content-encoding": "br"}, 400),
]:
    kept = connect()
    closed = 0
    for number in range(500):
        response = ask(kept, method, path, b" " * (number * 7), headers)
        assert response.status == status, (path, response.status)
        closed += response.will_close
    assert closed == 0, f"{closed} connections of small bodies were closed"
    response = ask(kept, method, path, b" " * 1_000_000, headers)
    assert (response.status, response.will_close) == (status, True), (path, response.status)
    response = ask(kept, "POST", "/v1/data/echo", b'{"input": 1}', TOKEN)
    assert response.status == 200, response.status

for path, status in [("/validate/echo", 413), ("/v1/data/echo", 400)]:
    kept = connect()
    for _ in range(10):
        response = ask(kept, "POST", path, b" " * (9 << 20), TOKEN)
        assert response.status == status, (path, response.status)

# In chunks, which tell no length before.
kept = connect()
for _ in range(50):
    response = ask(kept, "POST", "/nowhere", iter([b" " * 1000] * 20), TOKEN)
    assert response.status == 404, response.status

print("all is as it should be")
