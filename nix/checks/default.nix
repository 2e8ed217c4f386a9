# What `nix flake check` asks of a folder of policies, and of what is made of it.
{
  callWith,
  lib,
  linux,
  pkgs,
  scope,
}:
let
  check = callWith (scope // linux);
in
{
  closure = check ./closure.nix;
  image-contents = check ./image-contents.nix;
  policies = callWith scope ./policies.nix;
}
# The program has to start for this one.
// lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux { reported = check ./reported.nix; }
