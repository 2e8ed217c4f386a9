# A folder with every crate that the given locks take from registries and Git, a folder a source, and
# the `config.toml` that makes Cargo look there.
{
  crateRegistries,
  lib,
  pkgs,
  vendorGitDeps,
}:
{
  cargoLockList ? [ ],
  cargoLockContentsList ? [ ],
  cargoLockParsedList ? [ ],
  registries ? { },
}:
let
  locks =
    map lib.importTOML cargoLockList
    ++ map builtins.fromTOML cargoLockContentsList
    ++ cargoLockParsedList;
  # A package without a source is one of the workspace's own. Several locks may name the same crate.
  locked = lib.unique (
    map (package: {
      inherit (package) name version source;
      checksum = package.checksum or null;
    }) (lib.filter (package: package ? source) (lib.concatMap (lock: lock.package or [ ]) locks))
  );
  isGit = package: lib.hasPrefix "git+" package.source;
  git = vendorGitDeps (lib.filter isGit locked);
  packages = lib.filter (package: !isGit package) locked;
  sources = lib.groupBy (package: package.source) packages;

  download =
    package:
    let
      registry =
        crateRegistries.${package.source}
          or (throw "stand-in for crane: `${package.name} ${package.version}` comes from `${package.source}`; expected one of ${toString (lib.attrNames crateRegistries)}");
      prefix =
        let
          length = lib.stringLength package.name;
          part = from: count: lib.substring from count package.name;
        in
        if length < 3 then
          toString length
        else if length == 3 then
          "3/${part 0 1}"
        else
          "${part 0 2}/${part 2 2}";
    in
    pkgs.fetchurl (
      registry.fetchurlExtraArgs
      // {
        name = "cargo-src-${package.name}-${package.version}";
        url =
          lib.replaceStrings
            [
              "{crate}"
              "{version}"
              "{prefix}"
              "{lowerprefix}"
              "{sha256-checksum}"
            ]
            [
              package.name
              package.version
              prefix
              (lib.toLower prefix)
              package.checksum
            ]
            registry.downloadUrl;
        sha256 = package.checksum;
      }
    );

  folderOf = source: builtins.hashString "sha256" source;

  # The addresses of the indexes by the names of their registries.
  named = {
    crates-io = "https://github.com/rust-lang/crates.io-index";
  }
  // registries;
  replaced = lib.concatLines (
    lib.concatLists (
      lib.mapAttrsToList (
        name: index:
        let
          source = lib.findFirst (source: sources ? ${source}) null [
            index
            "registry+${index}"
            "sparse+${index}"
          ];
        in
        lib.optional (source != null) ''
          [source.${name}]
          registry = "${index}"
          replace-with = "nix-sources-${folderOf source}"
        ''
      ) named
    )
  );
in
pkgs.runCommand "vendor-cargo-deps"
  {
    # A line a crate, in a file since hundreds of them are too long for an environment.
    crates = lib.concatLines (
      map (
        package:
        "${folderOf package.source} ${package.name}-${package.version} ${package.checksum} ${download package}"
      ) packages
    );
    folders = map folderOf (lib.attrNames sources) ++ map (source: source.name) git;
    replaced = replaced + lib.concatMapStrings (source: source.source) git;
    passAsFile = [
      "crates"
      "replaced"
    ];
  }
  ''
    mkdir $out
    ${lib.concatMapStrings (source: "ln -s ${source.folder} $out/${source.name}\n") git}
    for folder in $folders; do
      mkdir -p "$out/$folder"
      printf '[source.nix-sources-%s]\ndirectory = "%s"\n' "$folder" "$out/$folder" >>"$out/config.toml"
    done
    while read -r folder name checksum tarball; do
      tar --extract --gzip --no-same-owner --directory "$out/$folder" --file "$tarball"
      printf '{"files":{},"package":"%s"}' "$checksum" >"$out/$folder/$name/.cargo-checksum.json"
    done <"$cratesPath"
    cat "$replacedPath" >>"$out/config.toml"
  ''
