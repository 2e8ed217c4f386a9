# The policies of the flake's own packages: the input `policies`, or ./policies as long as that input
# is the placeholder.
{ inputs }:
let
  given = "${inputs.policies}";
  type = builtins.readFileType given;
  # The commit, or the name of a tree with uncommitted changes.
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
  }: expected a folder of policy crates\nhelp: give one with `--override-input policies path:/the/folder`"
