# Functions over attribute sets.
{ lists }:
let
  inherit (builtins)
    attrNames
    isAttrs
    listToAttrs
    mapAttrs
    ;

  nameValuePair = name: value: { inherit name value; };
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  filterAttrs =
    condition: set:
    removeAttrs set (builtins.filter (name: !condition name set.${name}) (attrNames set));
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if isAttrs set && set ? ${builtins.head path} then
      attrByPath (builtins.tail path) default set.${builtins.head path}
    else
      default;
  recursiveUpdate =
    left: right:
    left
    // mapAttrs (
      name: value:
      if isAttrs value && isAttrs (left.${name} or null) then
        recursiveUpdate left.${name} value
      else
        value
    ) right;
in
{
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;
  inherit
    attrByPath
    filterAttrs
    mapAttrsToList
    nameValuePair
    recursiveUpdate
    ;

  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  concatMapAttrs = f: set: builtins.foldl' (a: b: a // b) { } (mapAttrsToList f set);
  attrsToList = mapAttrsToList nameValuePair;
  optionalAttrs = condition: set: if condition then set else { };
  mergeAttrsList = builtins.foldl' (a: b: a // b) { };
  foldlAttrs =
    f: start: set:
    builtins.foldl' (result: name: f result name set.${name}) start (attrNames set);
  hasAttrByPath =
    path: set:
    let
      missing = { };
    in
    path == [ ] || attrByPath path missing set != missing;
  getAttrFromPath =
    path: set:
    attrByPath path (throw "cannot find attribute `${builtins.concatStringsSep "." path}`") set;
  setAttrByPath = path: value: lists.foldr (name: inner: { ${name} = inner; }) value path;
  getBin = package: package;
  getLib = package: package;
}
