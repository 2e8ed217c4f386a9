# Packs the same contents as an OCI image layout, for tools that want one. It has nothing of what a
# flake adds to the image of dockerTools.
{
  builder,
  lib,
  name,
  pkgs,
  revision,
  tag,
}:
{ program, registration, ... }:
let
  # nixpkgs' builds have another date in SOURCE_DATE_EPOCH than dockerTools' image.
  options = [
    "--created"
    "0"
    "--program"
    (lib.getExe program)
    "--repo"
    name
    "--tag"
    tag
    "--workspace"
    registration
  ]
  ++ lib.optionals (revision != null) [
    "--revision"
    revision
  ];
in
pkgs.runCommand "${baseNameOf name}-oci"
  {
    nativeBuildInputs = [ builder ];
    meta.description = "The image with the program and its policies, as an OCI image layout";
  }
  ''
    policy-builder pack ${lib.escapeShellArgs options} --oci-layout "$out"
  ''
