# A source less what Cargo does not read. Callable, with its filter beside it.
{ lib }:
let
  filterCargoSources =
    path: kind:
    kind == "directory"
    || lib.any (suffix: lib.hasSuffix suffix path) [
      ".rs"
      ".toml"
      "/Cargo.lock"
    ];
in
{
  inherit filterCargoSources;
  __functor =
    _: src:
    lib.cleanSourceWith {
      src = lib.cleanSource src;
      filter = filterCargoSources;
    };
}
