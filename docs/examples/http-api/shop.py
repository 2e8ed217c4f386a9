"""A shop that asks before it answers: `python3 shop.py`."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

ENGINE = "http://127.0.0.1:8181/v1/data/shop/authz"


def decide(method, path, roles):
    """Asks the engine. An engine that is away, or fails, allows nothing."""
    question = {"input": {"method": method, "path": path, "roles": roles}}
    try:
        request = Request(ENGINE, json.dumps(question).encode())
        with urlopen(request, timeout=1) as answer:
            return json.load(answer)["result"]
    except (OSError, KeyError):
        return {"allowed": False, "reason": "no decision"}


class Shop(BaseHTTPRequestHandler):
    def do_GET(self):
        # In earnest: the roles of a verified token, not of a header.
        roles = self.headers.get("Roles", "").split(",")
        decision = decide(self.command, self.path, roles)
        self.send_response(200 if decision["allowed"] else 403)
        self.end_headers()
        text = "here you are" if decision["allowed"] else decision["reason"]
        self.wfile.write(f"{text}\n".encode())

    do_DELETE = do_GET


HTTPServer(("127.0.0.1", 8000), Shop).serve_forever()
