# Packs the same contents as an OCI image layout, with the bill of materials and the provenance: the
# very image that `policy-builder image` makes. It has nothing of what a flake adds to the image of
# dockerTools.
{
  advisoryDb,
  builder,
  compression,
  lib,
  name,
  pkgs,
  programOptions,
  tag,
  vetImages,
}:
{ program, ... }@packed:
let
  options =
    programOptions packed
    # nixpkgs' builds have another date in SOURCE_DATE_EPOCH than dockerTools' image.
    ++ [
      "--created"
      "0"
      "--repo"
      name
      "--tag"
      tag
      "--compression"
      compression
    ]
    ++
      lib.concatMap
        (file: [
          "--${lib.head (lib.splitString "." file)}"
          "${program.log}/${file}"
        ])
        [
          "messages.json"
          "metadata.json"
          "rustc.txt"
        ]
    ++ lib.optionals (advisoryDb != null && vetImages) [
      "--advisory-db"
      "${advisoryDb}"
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
