# Checks a folder of policies and what is made of it, for `nix flake check`.
{
  lib,
  linux,
  newScope,
  startsHere,
}:
let
  callCheck = file: newScope linux file { };
in
{
  closure = callCheck ./closure.nix;
  image-contents = callCheck ./image-contents.nix;
  policies = callCheck ./policies.nix;
  inherit (linux) vet;
}
// lib.optionalAttrs startsHere {
  reported = callCheck ./reported.nix;
  suites = callCheck ./suites.nix;
}
