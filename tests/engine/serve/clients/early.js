// Answers that do not wait for a request's body, as Node.js' own clients take them.
import assert from "node:assert";
import http from "node:http";

const url = process.argv[2];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function ask(path, body, headers) {
  return new Promise((resolve, reject) => {
    const length = { "content-length": body.length };
    const options = { method: "POST", agent, headers: { ...headers, ...length } };
    const request = http.request(url + path, options, (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

{
  const token = { authorization: "Bearer secret" };
  const large = Buffer.alloc(9 << 20, " ");
  for (let number = 0; number < 10; number++) {
    assert.strictEqual(await ask("/validate/echo", large, token), 413);
    assert.strictEqual(await ask("/v1/data/echo", large, token), 400);
    assert.strictEqual(await ask("/v1/data/echo", large, {}), 401);
    const fetched = await fetch(url + "/validate/echo", { method: "POST", body: large, headers: token });
    assert.strictEqual(fetched.status, 413);
    await fetched.text();
  }
  for (let number = 0; number < 500; number++) {
    assert.strictEqual(await ask("/v1/data/echo", Buffer.alloc(number, " "), {}), 401);
    assert.strictEqual(await ask("/nowhere", Buffer.alloc(number, " "), token), 404);
  }
  agent.destroy();
  console.log("all is as it should be");
}
