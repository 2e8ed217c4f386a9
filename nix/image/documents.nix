# The documents about the program as files: `oci` has them attached, the archive of dockerTools has no
# place for them.
{
  builder,
  name,
  pkgs,
}:
oci:
pkgs.runCommand "${baseNameOf name}-documents"
  {
    nativeBuildInputs = [ builder ];
    meta.description = "The bill of materials (CycloneDX) and the provenance (in-toto, SLSA) of the image";
  }
  ''
    mkdir "$out"
    policy-builder inspect ${oci} --sbom > "$out/sbom.cdx.json"
    policy-builder inspect ${oci} --provenance > "$out/provenance.intoto.json"
  ''
