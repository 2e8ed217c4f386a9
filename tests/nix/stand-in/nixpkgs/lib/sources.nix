# Sources: parts of a folder, copied into the store.
{ strings }:
let
  unwanted = [
    ".git"
    ".hg"
    ".svn"
    "CVS"
    ".direnv"
  ];

  # A filter on an already filtered source is one filter that asks both.
  cleanSourceWith =
    {
      src,
      filter ? _: _: true,
      name ? null,
    }:
    let
      filtered = src._isLibCleanSourceWith or false;
      origSrc = if filtered then src.origSrc else src;
      keep = if filtered then path: kind: src.filter path kind && filter path kind else filter;
      chosenName =
        if name != null then
          name
        else if filtered then
          src.name
        else
          "source";
    in
    {
      inherit origSrc;
      filter = keep;
      name = chosenName;
      outPath = builtins.path {
        path = origSrc;
        filter = keep;
        name = chosenName;
      };
      _isLibCleanSourceWith = true;
    };
in
{
  inherit cleanSourceWith;

  cleanSource =
    src:
    cleanSourceWith {
      inherit src;
      filter =
        path: _:
        let
          base = baseNameOf path;
        in
        !(
          builtins.elem base unwanted
          || strings.hasSuffix "~" base
          || base == "result"
          || strings.hasPrefix "result-" base
        );
    };
}
