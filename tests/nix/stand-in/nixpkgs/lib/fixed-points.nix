# Overlays: functions `final: prev: { … }` and the ways to apply them.
let
  composeExtensions =
    first: second: final: prev:
    let
      changed = first final prev;
    in
    changed // second final (prev // changed);
in
{
  inherit composeExtensions;

  fix =
    f:
    let
      x = f x;
    in
    x;
  extends =
    overlay: f: final:
    let
      prev = f final;
    in
    prev // overlay final prev;
  composeManyExtensions = builtins.foldl' composeExtensions (_: _: { });
}
