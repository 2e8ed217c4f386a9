# The policies of the flake's own packages: the input `policies`, or ./policies as long as that input
# is the placeholder. The input may be a repository of policies, as `policy-builder new` writes one: its
# crates inherit from the workspace around them, so it comes as a whole.
{ inputs }:
let
  given = "${inputs.policies}";
  type = builtins.readFileType given;
  isRepository =
    builtins.pathExists "${given}/Cargo.toml"
    && builtins.pathExists "${given}/policies"
    && !builtins.pathExists "${given}/policies/Cargo.toml";
  # The commit, or the name of a tree with uncommitted changes.
  revisionOf = input: input.rev or input.dirtyRev or null;
in
if type == "directory" then
  {
    policies = if isRepository then "${given}/policies" else given;
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
