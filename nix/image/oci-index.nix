# Joins builds for several platforms to one image.
{
  builder,
  name,
  pkgs,
}:
builds:
pkgs.runCommand "${baseNameOf name}-oci-index"
  {
    nativeBuildInputs = [ builder ];
    meta.description = "The image for both processors, as an OCI image layout";
  }
  ''
    policy-builder index --output "$out" ${toString (map (build: build.oci) builds)}
  ''
