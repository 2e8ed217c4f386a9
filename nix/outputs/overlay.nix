# `pkgs.policy-engine`, with this repository's policies or those of
# `pkgs.policy-engine.override { policies = ./policies; }`, and `pkgs.policy-builder`.
{
  lib,
  mkPolicyEngine,
  policies,
}:
final: _: {
  policy-engine = lib.makeOverridable mkPolicyEngine {
    pkgs = final;
    inherit policies;
  };
  policy-builder = final.policy-engine.packages.policy-builder;
}
