# What the flake's own packages are built from: the input `policies`, or ./policies where that input
# is still the placeholder.
{ inputs }:
let
  given = "${inputs.policies}";
  type = builtins.readFileType given;
  # A commit, or one with changes that are in none yet.
  revisionOf = input: input.rev or input.dirtyRev or null;
in
if type == "directory" then
  {
    policies = given;
    revision = revisionOf inputs.policies;
  }
else if type == "regular" && builtins.readFile given == "" then
  {
    policies = ../../policies;
    revision = revisionOf inputs.self;
  }
else
  throw "policy-engine: the input `policies` is ${
    if type == "regular" then "a file" else "a link"
  }: expected a folder of policy crates; give one with `--override-input policies path:/the/folder`"
