{ lib }:
let
  semver = import ../discover/semver.nix { inherit lib; };

  # What of these versions a requirement accepts.
  accepted = requirement: lib.filter (semver.satisfies requirement);
  releases = [
    "0.0.3"
    "0.0.4"
    "0.2.9"
    "0.3.0"
    "1.2.3"
    "1.2.10"
    "1.10.0"
    "2.0.0"
  ];
  preReleases = [
    "1.2.3-alpha"
    "1.2.3-alpha.2"
    "1.2.3-alpha.10"
    "1.2.3-beta"
    "1.2.3"
    "1.3.0-alpha"
  ];
in
{
  "semver: a version has three numbers, and may have identifiers" = {
    expr = lib.filter semver.isVersion [
      "1.2.3"
      "0.0.0-alpha.1+build.007"
      "1.2.3-a-b"
      "1.2.3+build"
      # None of these is one.
      ""
      "1"
      "1.2"
      "1.2.x"
      "1.2.03"
      "1.2.3-"
      "1.2.3-a..b"
      "1.2.3-01"
      "1.2.3+"
      "1.2.3 "
      "v1.2.3"
    ];
    expected = [
      "1.2.3"
      "0.0.0-alpha.1+build.007"
      "1.2.3-a-b"
      "1.2.3+build"
    ];
  };

  "semver: what is no requirement is met by nothing" = {
    expr = lib.concatMap (requirement: accepted requirement releases) [
      ""
      "latest"
      "1.2.3.4"
      "1.*.2"
      "1,"
      "*,1"
      "1 2"
      "!1"
      "01"
    ];
    expected = [ ];
  };

  "semver: a requirement alone stays within what is compatible" = {
    expr = map (requirement: accepted requirement releases) [
      "1.2.3"
      "^1.2.9"
      "1"
      "0.2"
      "0.2.9"
      "0.0.3"
      "0"
    ];
    expected = [
      [
        "1.2.3"
        "1.2.10"
        "1.10.0"
      ]
      [
        "1.2.10"
        "1.10.0"
      ]
      [
        "1.2.3"
        "1.2.10"
        "1.10.0"
      ]
      [ "0.2.9" ]
      [ "0.2.9" ]
      [ "0.0.3" ]
      [
        "0.0.3"
        "0.0.4"
        "0.2.9"
        "0.3.0"
      ]
    ];
  };

  "semver: operators are Cargo's" = {
    expr = map (requirement: accepted requirement releases) [
      "~1.2.4"
      "~1"
      "=1.2"
      ">1.2"
      ">=1.2.10, <2"
      "<=0.0.3"
      "< 0.0"
      " > 1.10.0 "
    ];
    expected = [
      [ "1.2.10" ]
      [
        "1.2.3"
        "1.2.10"
        "1.10.0"
      ]
      [
        "1.2.3"
        "1.2.10"
      ]
      [
        "1.10.0"
        "2.0.0"
      ]
      [
        "1.2.10"
        "1.10.0"
      ]
      [ "0.0.3" ]
      [ ]
      [ "2.0.0" ]
    ];
  };

  "semver: a star stands for any number" = {
    expr = map (requirement: accepted requirement releases) [
      "*"
      "x"
      "1.2.*"
      "0.X"
      ">=1.10.*"
    ];
    expected = [
      releases
      releases
      [
        "1.2.3"
        "1.2.10"
      ]
      [
        "0.0.3"
        "0.0.4"
        "0.2.9"
        "0.3.0"
      ]
      [
        "1.10.0"
        "2.0.0"
      ]
    ];
  };

  "semver: pre-releases are for those who name one of the same release" = {
    expr = map (requirement: accepted requirement preReleases) [
      "*"
      "1.2.2"
      "1.2.3-alpha.2"
      ">1.2.3-alpha.2, <1.2.3"
      "=1.2.3-beta"
      "<1.3.0-beta"
    ];
    expected = [
      [ "1.2.3" ]
      [ "1.2.3" ]
      [
        "1.2.3-alpha.2"
        "1.2.3-alpha.10"
        "1.2.3-beta"
        "1.2.3"
      ]
      [
        "1.2.3-alpha.10"
        "1.2.3-beta"
      ]
      [ "1.2.3-beta" ]
      [
        "1.2.3"
        "1.3.0-alpha"
      ]
    ];
  };

  "semver: what is built from a version does not count" = {
    expr = accepted "=1.2.3+here" [ "1.2.3+there" ];
    expected = [ "1.2.3+there" ];
  };
}
