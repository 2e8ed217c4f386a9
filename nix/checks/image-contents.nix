# Checks that the image holds its contents and what they and its configuration need of the store, and
# no other file, and that its configuration and labels are there.
{
  base,
  extraContents,
  image,
  lib,
  pkgs,
  program,
}:
let
  contents = [
    base
    program
  ]
  ++ extraContents;
  # dockerTools adds what the configuration names, and what that needs, but not this file.
  config = pkgs.writeText "image-config.json" (builtins.toJSON image.config);
in
pkgs.runCommand "check-image-contents"
  {
    closure = pkgs.closureInfo { rootPaths = contents ++ [ config ]; };
    nativeBuildInputs = [ pkgs.jq ];
    expected = builtins.toJSON (removeAttrs image.config [ "Labels" ]);
  }
  ''
    {
      find ${lib.escapeShellArgs contents} ! -type d -printf '%P\n'
      grep --invert-match --line-regexp --fixed-strings ${config} "$closure/store-paths" |
        while read -r path; do find "$path" ! -type d; done | sed 's|^/||'
    } | sort -u > expected

    mkdir image
    tar -xzf ${image} -C image
    for layer in $(jq -r '.[].Layers[]' image/manifest.json); do
      tar -tf "image/$layer"
    done | sed 's|^\./||; s|^/||' | grep -v -e '/$' -e '^$' | sort -u > found
    diff expected found || {
      echo "error: the image does not hold what it should (< is missing, > is too much)" >&2
      exit 1
    }

    config=image/$(jq -r '.[].Config' image/manifest.json)
    jq --exit-status --argjson expected "$expected" '.config | contains($expected)' "$config" || {
      echo "error: the image's configuration lacks something of $expected" >&2
      exit 1
    }
    jq --exit-status '.config.Labels | has("policy-engine.crates")' "$config" || {
      echo "error: the image has no label policy-engine.crates" >&2
      exit 1
    }
    touch "$out"
  ''
