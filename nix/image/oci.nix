# The same contents as an OCI image layout, for tools that want one. What a flake adds to the image
# of dockerTools is not in it.
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
  # The date of dockerTools' image, and not the one that nixpkgs' builds have in SOURCE_DATE_EPOCH.
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
pkgs.runCommand "${baseNameOf name}-oci" { nativeBuildInputs = [ builder ]; } ''
  policy-builder pack ${lib.escapeShellArgs options} --oci-layout "$out"
''
