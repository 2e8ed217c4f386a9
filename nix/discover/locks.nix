# Reads the locks that third-party crates are fetched by: the engine's and those of the policies.
# They come ready to be vendored, the engine's first.
{ lib }:
{
  # What ./default.nix found.
  discovered,
  # The names of the engine's own crates.
  crates,
  # The engine's own `Cargo.lock`.
  engineLock,
  # The addresses of the indexes that crates may come from, beside crates.io.
  indexes ? [ ],
}:
let
  fail = message: throw "policy-engine: locks: ${message}";

  inherit (discovered) show;

  read =
    name: path:
    let
      lock = lib.addErrorContext "while reading `${name}`" (lib.importTOML path);
      version = lock.version or 1;
      fetched = lib.filter (package: package ? source) (lock.package or [ ]);
    in
    # Older locks keep their checksums elsewhere.
    if fetched != [ ] && version < 3 then
      fail "`${name}` is a lock of version ${toString version}: expected 3 or 4, as Cargo has written since 2021\nhelp: have Cargo write it anew with `cargo generate-lockfile` in `${dirOf name}`"
    else
      lock // { package = lock.package or [ ]; };

  # A crate of the engine comes from the engine's sources, whatever a policy's lock has for it. One
  # that lies in a folder is built from there.
  withoutOwn =
    lock:
    removeAttrs lock [ "patch" ]
    // {
      package = lib.filter (package: package ? source && !lib.elem package.name own) lock.package;
    };
  own = crates ++ [ "policy-engine-program" ];

  engines = read "the engine's Cargo.lock" engineLock;
  others = lib.filter (path: toString path != toString engineLock) discovered.locks;
  theirs =
    path:
    let
      lock = withoutOwn (read (show path) path);
    in
    assert lib.all (checkSource (show path)) lock.package;
    lock;
  parsed = [ engines ] ++ map theirs others;

  # crane would say the same in terms of its own functions.
  checkSource =
    name: package:
    lib.hasPrefix "git+" package.source
    || lib.elem package.source known
    || fail "`${name}` takes `${package.name}` from the registry `${package.source}`, which the flake does not know\nhelp: give it to mkPolicyEngine: `registries.NAME = { index = \"${package.source}\"; dl = \"…\"; }`, with `dl` as in the registry's `config.json`";
  known = [
    "registry+https://github.com/rust-lang/crates.io-index"
  ]
  ++ lib.concatMap (index: [
    index
    "registry+${index}"
  ]) indexes;

  pinned = lib.genAttrs (lib.concatMap (
    lock: map (package: package.name) (lib.filter (package: package ? source) lock.package)
  ) parsed) (_: true);

  # Cargo judges the versions. That no lock has the name is most often a lock that Git does not track.
  check =
    crate:
    { package, path, ... }:
    let
      # A workspace has one lock for all of its members.
      folder = show (if crate.workspace == null then crate.path else crate.workspace);
    in
    path != null
    || package == "policy-api"
    || pinned ? ${package}
    || fail "`${crate.manifest}` depends on `${package}`, which no lock pins: expected a `Cargo.lock` in `${folder}` that does\nhelp: run `cargo generate-lockfile` in that folder (in `nix develop .#policies` where no registry has `policy-api`), and have Git track what it writes: `git add ${folder}/Cargo.lock`";
in
assert lib.all (crate: lib.all (check crate) crate.dependencies) discovered.crates;
parsed
