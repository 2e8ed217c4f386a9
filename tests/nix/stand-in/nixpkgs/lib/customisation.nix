# `override`, `callPackage` and sets of packages that call one another.
{ fixedPoints, trivial }:
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
        overrideDerivation = _: throw "stand-in for nixpkgs: overrideDerivation is not there";
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

  # The set has the four names below besides its own, and they are the set's.
  makeScope =
    newScope: membersOf:
    let
      self = membersOf self // {
        callPackage = self.newScope { };
        newScope = more: newScope (self // more);
        overrideScope = overlay: makeScope newScope (fixedPoints.extends overlay membersOf);
        packages = membersOf;
      };
    in
    self;
in
{
  inherit makeOverridable makeScope;

  callPackageWith =
    available: file: args:
    let
      f = if trivial.isFunction file then file else import file;
    in
    makeOverridable f (intersectAttrs (trivial.functionArgs f) available // args);
}
