# Functions of no particular type: assertions, warnings, function arguments.
let
  warn = message: value: builtins.trace "evaluation warning: ${message}" value;
in
{
  inherit warn;
  inherit (builtins)
    addErrorContext
    bitAnd
    genericClosure
    isAttrs
    isBool
    isInt
    isList
    isPath
    isString
    pathExists
    readFile
    seq
    deepSeq
    ;

  version = "26.05pre-stand-in";

  id = x: x;
  const = x: _: x;
  flip =
    f: a: b:
    f b a;
  pipe = builtins.foldl' (value: f: f value);
  min = a: b: if a < b then a else b;
  max = a: b: if a > b then a else b;
  mod = a: b: a - b * (a / b);
  boolToString = b: if b then "true" else "false";
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  importTOML = path: builtins.fromTOML (builtins.readFile path);

  warnIf = condition: message: if condition then warn message else x: x;
  warnIfNot = condition: message: if condition then x: x else warn message;
  throwIf = condition: message: if condition then throw message else x: x;
  throwIfNot = condition: message: if condition then x: x else throw message;
  assertMsg = condition: message: condition || throw message;

  functionArgs = f: if f ? __functor then f.__functionArgs or { } else builtins.functionArgs f;
  isFunction = f: builtins.isFunction f || f ? __functor;
  isDerivation = value: value.type or null == "derivation";
  pathIsDirectory = path: builtins.pathExists path && builtins.readFileType path == "directory";
  pathIsRegularFile = path: builtins.pathExists path && builtins.readFileType path == "regular";
}
