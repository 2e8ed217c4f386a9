# Checks that every dependency on a folder leads to a crate of the same policies folder, and that
# none leads back to where it started.
{ lib, paths }:
{
  fail,
  showIn,
  untracked,
}:
crates:
let
  # The crates that a crate depends on.
  targets =
    it:
    lib.concatMap (
      { package, path, ... }:
      let
        target = lib.findFirst (other: toString other.path == toString path.folder) null crates;
        says = "`${it.manifest}` depends on the folder `${showIn path.from path.written}`, which";
      in
      # Whichever `policy-api` a policy names, it gets the engine's.
      if path == null || package == "policy-api" then
        [ ]
      else if !paths.isFile (path.folder + "/Cargo.toml") then
        fail "${says} has no `Cargo.toml`: correct its path; ${untracked path.folder}"
      else if target == null then
        fail "${says} is outside of the policies folder: move that crate into it, or depend on a published version of it"
      else
        [ target ]
    ) it.dependencies;

  # Walks from one crate; `trail` is how it was come to, `done` what needs no second walk.
  visit =
    trail: done: it:
    let
      circle = after it.folder trail ++ [ it ];
      names = lib.concatMapStringsSep " → " (it: "`${it.crate}`") circle;
    in
    if lib.elem it.folder (map (before: before.folder) trail) then
      fail "the crates ${names} depend on one another in a circle: take one of these dependencies out"
    else if done ? ${it.folder} then
      done
    else
      lib.foldl' (visit (trail ++ [ it ])) done (targets it) // { ${it.folder} = true; };

  # What of a trail comes after a folder, that one included.
  after =
    folder: trail:
    if (builtins.head trail).folder == folder then trail else after folder (builtins.tail trail);
in
builtins.seq (lib.foldl' (visit [ ]) { } crates) true
