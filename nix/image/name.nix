# What an image may be called, by the rules of the OCI distribution specification: throws before
# anything is built for one that no registry takes.
{
  # The repository, with its registry.
  name,
  tag,
}@image:
let
  part = "[a-z0-9]+((\\.|__?|-+)[a-z0-9]+)*";
  label = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
  registry = "${label}(\\.${label})+(:[0-9]{1,5})?|${label}:[0-9]{1,5}|localhost";
  fail = message: throw "policy-engine: mkPolicyEngine: ${message}";
in
if builtins.match "((${registry})/)?${part}(/${part})*" name == null then
  fail "`name` is `${name}`, which no image can be called: expected a repository in lower case, without a tag, such as `registry.example.com/policies`"
else if builtins.match "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}" tag == null then
  fail "`tag` is `${tag}`, which no image can have: expected up to 128 letters, digits, `_`, `.` and `-`, such as `v1`"
else
  image
