# `override` and `callPackage`.
{ trivial }:
let
  inherit (builtins) intersectAttrs isAttrs;

  # The result of `f args`, able to be made again with other arguments.
  makeOverridable =
    f: args:
    let
      result = f args;
      changed = changes: if trivial.isFunction changes then changes args else changes;
      override = changes: makeOverridable f (args // changed changes);
    in
    if isAttrs result then
      result
      // {
        inherit override;
      }
      // (
        if result ? overrideAttrs then
          {
            overrideAttrs = changes: makeOverridable (again: (f again).overrideAttrs changes) args;
          }
        else
          { }
      )
    else if trivial.isFunction result then
      {
        inherit override;
        __functor = _: result;
        __functionArgs = builtins.functionArgs result;
      }
    else
      result;
in
{
  inherit makeOverridable;

  callPackageWith =
    available: file: args:
    let
      f = if trivial.isFunction file then file else import file;
    in
    makeOverridable f (intersectAttrs (builtins.functionArgs f) available // args);
}
