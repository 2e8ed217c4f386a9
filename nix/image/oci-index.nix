# One image of several platforms.
{
  builder,
  name,
  pkgs,
}:
builds:
pkgs.runCommand "${baseNameOf name}-oci-index" { nativeBuildInputs = [ builder ]; } ''
  policy-builder index --output "$out" ${toString (map (it: it.oci) builds)}
''
