# Checks that the program needs nothing of the store but itself.
{ pkgs, program }:
pkgs.runCommand "check-closure" { closure = pkgs.closureInfo { rootPaths = [ program ]; }; } ''
  echo ${program} | diff - "$closure/store-paths" || {
    echo "error: the program's closure holds more than itself (marked with >): something of the build is named in it" >&2
    exit 1
  }
  touch "$out"
''
