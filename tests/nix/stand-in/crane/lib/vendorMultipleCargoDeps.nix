# A folder with every crate that the given locks take from crates.io, and the `config.toml` that
# makes Cargo look there.
{ lib, pkgs }:
let
  cratesIo = "registry+https://github.com/rust-lang/crates.io-index";
  # The folder's name, as the original has it.
  folder = builtins.hashString "sha256" cratesIo;

  fromCratesIo =
    package:
    if package.source == cratesIo then
      true
    else
      throw "stand-in for crane: `${package.name} ${package.version}` comes from `${package.source}`; expected crates.io, the one source there is here";

  download =
    package:
    pkgs.fetchurl {
      name = "cargo-src-${package.name}-${package.version}";
      url = "https://static.crates.io/crates/${package.name}/${package.version}/download";
      sha256 = package.checksum;
    };
in
{
  cargoLockList ? [ ],
  cargoLockContentsList ? [ ],
  cargoLockParsedList ? [ ],
  ...
}:
let
  locks =
    map lib.importTOML cargoLockList
    ++ map builtins.fromTOML cargoLockContentsList
    ++ cargoLockParsedList;
  # A package without a source is one of the workspace's own. Several locks may name the same crate.
  packages = lib.listToAttrs (
    map (package: lib.nameValuePair "${package.name}-${package.version}" package) (
      lib.filter (package: package ? source && fromCratesIo package) (
        lib.concatMap (lock: lock.package or [ ]) locks
      )
    )
  );
in
pkgs.runCommand "vendor-cargo-deps"
  {
    # A line a crate, in a file since hundreds of them are too long for an environment.
    crates = lib.concatLines (
      lib.mapAttrsToList (name: package: "${name} ${package.checksum} ${download package}") packages
    );
    passAsFile = [ "crates" ];
  }
  ''
    mkdir -p $out/${folder}
    while read -r name checksum tarball; do
      tar --extract --gzip --no-same-owner --directory $out/${folder} --file "$tarball"
      printf '{"files":{},"package":"%s"}' "$checksum" >"$out/${folder}/$name/.cargo-checksum.json"
    done <"$cratesPath"
    cat >$out/config.toml <<END
    [source.crates-io]
    replace-with = "vendored"

    [source.vendored]
    directory = "$out/${folder}"
    END
  ''
