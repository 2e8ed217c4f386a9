// What `@open-policy-agent/opa` sees of a server, asserted; the server's URL is the argument.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , modules, url] = process.argv;
// By the folder that it is installed in, which is not this one.
const { resolve } = createRequire(`${modules}/package.json`);
const { OPAClient } = await import(pathToFileURL(resolve("@open-policy-agent/opa")));

const opa = new OPAClient(url);
const good = { do: "answer", output: { allowed: true, why: ["é"] } };
const bad = { do: "fail" };
const failed = { code: "internal_error", message: "policy `stress`: asked to fail" };

// Decisions.
assert.deepEqual(await opa.evaluate("stress", good), good.output);
assert.equal(await opa.evaluate("stress/allowed", good), true);
assert.deepEqual(await opa.evaluate("http/authz", { a: [1, "x", null] }), { a: [1, "x", null] });
assert.deepEqual(await opa.evaluate("http/authz/1.2/a/0", { a: [1] }), 1);
assert.equal(await opa.evaluate("stress/allowed", good, { fromResult: (it) => !it }), false);
assert.equal(await opa.evaluate("nothing/allow", {}), undefined);
assert.deepEqual(await opa.evaluateDefault({ a: [1, "x"] }), [1, "x"]);

// Errors.
const rejected = async (call) => {
  const error = await call.then((it) => assert.fail(JSON.stringify(it)), (error) => error);
  return { name: error.name, code: error.code, message: error.body ?? error.message };
};
const error = await rejected(opa.evaluate("stress", bad));
assert.ok(error.name === "ServerError" && error.message.includes("asked to fail"), JSON.stringify(error));
const client = await rejected(opa.evaluate("stress", { do: "rest" }));
assert.ok(client.name === "ClientError" && client.message.includes("unknown variant"), JSON.stringify(client));

// Batches.
assert.deepEqual(await opa.evaluateBatch("stress/allowed", { a: good, b: good }), { a: true, b: true });
const mixed = await opa.evaluateBatch("stress/allowed", { a: good, b: bad });
assert.equal(mixed.a, true);
assert.equal(mixed.b.code, failed.code);
assert.equal(mixed.b.message, failed.message);
await assert.rejects(opa.evaluateBatch("stress", { a: good, b: bad }, { rejectMixed: true }));
assert.ok((await rejected(opa.evaluateBatch("stress", { a: bad }))).message.includes("asked to fail"));
assert.deepEqual(await opa.evaluateBatch("nothing", { a: good }), { a: undefined });

console.log("all is as it should be");
