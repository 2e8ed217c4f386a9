// Verifies Sigstore bundles by npm's `@sigstore/verify`: a folder of packages, a public key, bundles.
// Prints what each signs.

import { readFileSync } from "node:fs";
import { createPublicKey } from "node:crypto";
import { createRequire } from "node:module";

const [, , modules, key, ...bundles] = process.argv;
const require = createRequire(`${modules}/package.json`);
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const publicKey = createPublicKey(readFileSync(key));
const nobody = { tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] };
const trusted = toTrustMaterial(nobody, () => ({ publicKey, validFor: () => true }));
// A key is trusted by itself: neither a log nor a clock says more of it.
const none = { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 0 };
const verifier = new Verifier(trusted, none);
for (const file of bundles) {
  const bundle = bundleFromJSON(JSON.parse(readFileSync(file, "utf8")));
  verifier.verify(toSignedEntity(bundle));
  const statement = JSON.parse(bundle.content.dsseEnvelope.payload);
  console.log(statement.predicateType, statement.subject[0].digest.sha256);
}
