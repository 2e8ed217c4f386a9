# The words of NixOS modules, as plain data: enough to evaluate a file that holds a module and to
# look at its options, not to run the module system.
let
  mkOption = args: args // { _type = "option"; };
  type = name: {
    _type = "option-type";
    inherit name;
  };
  typeOf = name: inner: type name // { nestedTypes.elemType = inner; };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
in
{
  inherit mkOption mkOverride;

  mkEnableOption =
    name:
    mkOption {
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
      type = type "bool";
    };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkMerge = contents: {
    _type = "merge";
    inherit contents;
  };
  mkDefault = mkOverride 1000;
  mkForce = mkOverride 50;
  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };
  literalMD = text: {
    _type = "literalMD";
    inherit text;
  };

  types = {
    anything = type "anything";
    attrs = type "attrs";
    bool = type "bool";
    externalPath = type "externalPath";
    float = type "float";
    int = type "int";
    ints = {
      positive = type "positiveInt";
      unsigned = type "unsignedInt";
      between = lowest: highest: type "intBetween" // { inherit lowest highest; };
    };
    lines = type "lines";
    nonEmptyStr = type "nonEmptyStr";
    package = type "package";
    path = type "path";
    pathInStore = type "pathInStore";
    port = type "unsignedInt16";
    raw = type "raw";
    str = type "str";

    attrsOf = typeOf "attrsOf";
    either = first: second: typeOf "either" first // { nestedTypes.right = second; };
    enum = values: type "enum" // { functor.payload = { inherit values; }; };
    listOf = typeOf "listOf";
    nonEmptyListOf = typeOf "nonEmptyListOf";
    nullOr = typeOf "nullOr";
    oneOf = alternatives: type "oneOf" // { inherit alternatives; };
    strMatching = pattern: type "strMatching" // { inherit pattern; };
    submodule = module: type "submodule" // { inherit module; };
  };
}
