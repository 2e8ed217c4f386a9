# The locks that third-party crates are fetched by: the engine's and those of the policies.
{
  lib,
  semver ? import ./semver.nix { inherit lib; },
}:
{
  # What discover.nix found.
  discovered,
  # The engine's own `Cargo.lock`.
  engineLock,
}:
let
  fail = message: throw "policy-engine: locks: ${message}";

  inherit (discovered) crates show;

  read =
    name: path:
    let
      lock = builtins.addErrorContext "while reading `${name}`" (
        builtins.fromTOML (builtins.readFile path)
      );
      version = lock.version or 1;
      fetched = lib.filter (it: it ? source) (lock.package or [ ]);
    in
    # Older ones keep their checksums elsewhere.
    if fetched != [ ] && version < 3 then
      fail "`${name}` is a lock of version ${toString version}: expected 3 or 4, as Cargo has written since 2021; have Cargo write it anew with `cargo generate-lockfile` in `${dirOf name}`"
    else
      lock // { package = lock.package or [ ]; };

  # The engine's crates are at hand, whatever a policy's lock has for them, and those that lie in
  # folders are built from there.
  withoutOwn =
    lock:
    let
      own = [
        "policy-api"
        "policy-engine"
        "policy-engine-program"
        "policy-text"
        "policy-tls"
      ];
    in
    removeAttrs lock [ "patch" ]
    // {
      package = lib.filter (it: it ? source && !lib.elem it.name own) lock.package;
    };

  engines = read "the engine's Cargo.lock" engineLock;
  others = lib.filter (path: toString path != toString engineLock) discovered.locks;
  parsed = [ engines ] ++ map (path: withoutOwn (read (show path) path)) others;

  # The versions of each package.
  versions = lib.mapAttrs (_: map (it: it.version)) (
    lib.groupBy (it: it.name) (lib.concatMap (lock: lib.filter (it: it ? source) lock.package) parsed)
  );

  check =
    it: dependency:
    let
      inherit (dependency) package requirement;
      locked = versions.${package} or [ ];
      isMet =
        version:
        requirement == null || !semver.isRequirement requirement || semver.satisfies requirement version;
      wanted = "`${package}`" + lib.optionalString (requirement != null) " `${requirement}`";
      # A workspace has one lock for all of its members.
      folder = show (if it.workspace == null then it.path else it.workspace);
      has = if locked == [ ] then "none" else lib.concatMapStringsSep ", " (it: "`${it}`") locked;
    in
    dependency.path != null
    || package == "policy-api"
    || lib.any isMet locked
    || fail "`${it.manifest}` depends on ${wanted}, which no lock pins (found ${has}): expected a `Cargo.lock` in `${folder}` that does; run `cargo generate-lockfile` in that folder (in `nix develop .#policies` where no registry has `policy-api`), and have Git track what it writes: `git add ${folder}/Cargo.lock`";
in
assert lib.all (it: lib.all (check it) it.dependencies) crates;
{
  # Of crates' locks, ready to be vendored; the engine's comes first.
  inherit parsed;
}
