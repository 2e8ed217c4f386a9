# Functions over strings.
{ lists }:
let
  inherit (builtins)
    concatStringsSep
    replaceStrings
    stringLength
    substring
    ;

  lower = "abcdefghijklmnopqrstuvwxyz";
  upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  stringToCharacters = s: builtins.genList (i: substring i 1 s) (stringLength s);
  hasPrefix = prefix: s: substring 0 (stringLength prefix) s == prefix;
  hasSuffix =
    suffix: s:
    let
      start = stringLength s - stringLength suffix;
    in
    start >= 0 && substring start (stringLength suffix) s == suffix;

  # Only what a shell reads specially is quoted, so that plain words stay readable.
  escapeShellArg =
    arg:
    let
      s = toString arg;
    in
    if builtins.match "[[:alnum:],._+:@%/-]+" s == null then
      "'${replaceStrings [ "'" ] [ "'\\''" ] s}'"
    else
      s;
  escape = characters: replaceStrings characters (map (c: "\\${c}") characters);
  # `builtins.split` takes a pattern: the separator's own characters must mean themselves.
  escapeRegex = escape (stringToCharacters "\\[{()^$?*+|.");
  splitString =
    separator: s: builtins.filter builtins.isString (builtins.split (escapeRegex separator) s);
in
{
  inherit (builtins)
    concatStringsSep
    match
    replaceStrings
    splitVersion
    stringLength
    substring
    fromJSON
    fromTOML
    toJSON
    typeOf
    ;
  inherit
    escape
    escapeRegex
    escapeShellArg
    hasPrefix
    hasSuffix
    splitString
    stringToCharacters
    ;

  concatStrings = concatStringsSep "";
  concatMapStrings = f: list: concatStringsSep "" (map f list);
  concatMapStringsSep =
    separator: f: list:
    concatStringsSep separator (map f list);
  concatLines = lines: concatStringsSep "" (map (line: line + "\n") lines);
  concatImapStringsSep =
    separator: f: list:
    concatStringsSep separator (lists.imap1 f list);
  concatMapAttrsStringSep =
    separator: f: set:
    concatStringsSep separator (map (name: f name set.${name}) (builtins.attrNames set));
  optionalString = condition: s: if condition then s else "";
  hasInfix = infix: s: builtins.length (splitString infix s) > 1;
  removePrefix = prefix: s: if hasPrefix prefix s then substring (stringLength prefix) (-1) s else s;
  removeSuffix =
    suffix: s: if hasSuffix suffix s then substring 0 (stringLength s - stringLength suffix) s else s;
  toLower = replaceStrings (stringToCharacters upper) (stringToCharacters lower);
  toUpper = replaceStrings (stringToCharacters lower) (stringToCharacters upper);
  trim =
    s:
    let
      inner = builtins.match "[[:space:]]*(.*[^[:space:]])[[:space:]]*" s;
    in
    if inner == null then "" else builtins.head inner;
  escapeShellArgs = args: concatStringsSep " " (map escapeShellArg args);
  toShellVar = name: value: "${name}=${escapeShellArg value}";
  toInt =
    s:
    let
      digits = builtins.match "[[:space:]]*(-?[0-9]+)[[:space:]]*" s;
    in
    if digits == null then
      throw "toInt: `${s}` is no whole number"
    else
      builtins.fromJSON (builtins.head digits);
  fixedWidthString =
    width: filler: s:
    concatStringsSep "" (builtins.genList (_: filler) (width - stringLength s)) + s;
  versionOlder = a: b: builtins.compareVersions b a == 1;
  versionAtLeast = a: b: builtins.compareVersions a b != -1;
  getName = package: package.pname or (builtins.parseDrvName package).name;
  getVersion = package: package.version or (builtins.parseDrvName package).version;
  isStringLike = x: builtins.isString x || builtins.isPath x || x ? outPath || x ? __toString;
  isStorePath = x: hasPrefix builtins.storeDir (toString x);
}
