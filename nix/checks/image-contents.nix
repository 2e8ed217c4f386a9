# Checks that the image holds its contents and what they need of the store, and no other file, and
# that its configuration and labels are there.
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
in
pkgs.runCommand "check-image-contents"
  {
    closure = pkgs.closureInfo { rootPaths = contents; };
    nativeBuildInputs = [ pkgs.jq ];
    expected = builtins.toJSON (removeAttrs image.config [ "Labels" ]);
  }
  ''
    files_in() { (cd "$1" && find . ! -type d -printf '%P\n'); }
    {
      for path in ${lib.escapeShellArgs contents}; do files_in "$path"; done
      for path in $(cat "$closure/store-paths"); do files_in "$path" | sed "s|^|''${path#/}/|"; done
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
