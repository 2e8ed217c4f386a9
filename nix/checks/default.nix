# What `nix flake check` asks of a folder of policies, and of what is made of it.
{
  callWith,
  lib,
  linux,
  scope,
  # Whether the image's program starts on the machine that builds.
  startsHere,
}:
let
  check = callWith (scope // linux);
in
{
  closure = check ./closure.nix;
  image-contents = check ./image-contents.nix;
  policies = callWith scope ./policies.nix;
}
// lib.optionalAttrs startsHere { reported = check ./reported.nix; }
