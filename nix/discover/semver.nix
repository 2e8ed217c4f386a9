# Semantic versions and what Cargo's requirements on them accept, as Rust's `semver` has it.
{ lib }:
let
  # Numbers stay text, so that none is too large.
  number = "0|[1-9][0-9]*";
  identifiers = "[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*";

  compareNumbers =
    a: b:
    let
      lengths = compareValues (builtins.stringLength a) (builtins.stringLength b);
    in
    if lengths != 0 then lengths else compareValues a b;

  compareValues =
    a: b:
    if a < b then
      -1
    else if a > b then
      1
    else
      0;

  # Numbers come before words.
  compareIdentifiers =
    a: b:
    let
      isNumber = text: builtins.match "[0-9]+" text != null;
    in
    if isNumber a && isNumber b then
      compareNumbers a b
    else if isNumber a != isNumber b then
      (if isNumber a then -1 else 1)
    else
      compareValues a b;

  # By the first that differs; what is left of the longer one makes it the greater.
  compareLists =
    compare: a: b:
    if a == [ ] || b == [ ] then
      compareValues (builtins.length a) (builtins.length b)
    else
      let
        first = compare (builtins.head a) (builtins.head b);
      in
      if first != 0 then first else compareLists compare (builtins.tail a) (builtins.tail b);

  compareReleases = compareLists compareNumbers;

  # A version that is no pre-release comes after all that are.
  comparePre =
    a: b:
    if a == [ ] || b == [ ] then
      compareValues (builtins.length b) (builtins.length a)
    else
      compareLists compareIdentifiers a b;

  # The identifiers of a pre-release (`null` is none), or `null` where one has a leading zero.
  preRelease =
    text:
    let
      parts = if text == null then [ ] else lib.splitString "." text;
    in
    if lib.any (part: builtins.match "0[0-9]+" part != null) parts then null else parts;

  # `null` where the text is no semantic version.
  parse =
    text:
    let
      found = builtins.match "(${number})\\.(${number})\\.(${number})(-(${identifiers}))?(\\+${identifiers})?" text;
      pre = preRelease (builtins.elemAt found 4);
    in
    if found == null || pre == null then
      null
    else
      {
        release = lib.take 3 found;
        inherit pre;
      };

  # One of a requirement's parts, such as `>=1.2`; `null` where the text is none.
  comparator =
    text:
    let
      wild = "[*xX]";
      rest = "(-(${identifiers}))?(\\+${identifiers})?";
      found = builtins.match " *(=|>=|>|<=|<|~|\\^)? *(${number})(\\.(${number})(\\.(${number})${rest}|\\.${wild})?|\\.${wild}(\\.${wild})?)? *" text;
      at = builtins.elemAt found;
      release = lib.filter (part: part != null) [
        (at 1)
        (at 3)
        (at 5)
      ];
      isWild = builtins.length release < 3 && builtins.match ".*${wild} *" text != null;
      pre = preRelease (at 7);
    in
    if found == null || pre == null then
      null
    else
      {
        # What stands for any number takes the place of the default.
        operator =
          if at 0 != null then
            at 0
          else if isWild then
            "="
          else
            "^";
        inherit release pre;
      };

  # The parts of a requirement, which all have to be met; `null` where the text is none.
  parseRequirement =
    text:
    let
      comparators = map comparator (lib.splitString "," text);
    in
    if builtins.match " *[*xX] *" text != null then
      [ ]
    else if lib.elem null comparators then
      null
    else
      comparators;

  meets =
    version:
    {
      operator,
      release,
      pre,
    }:
    let
      given = builtins.length release;
      order = compareReleases (lib.take given version.release) release;
      preOrder = comparePre version.pre pre;
      isSame = order == 0 && preOrder == 0;
      isAfter = order > 0 || (order == 0 && given == 3 && preOrder > 0);
      isBefore = order < 0 || (order == 0 && given == 3 && preOrder < 0);
      agrees = count: lib.take count version.release == lib.take count release;
      isNotBefore = order > 0 || (order == 0 && preOrder >= 0);
      # How many numbers have to stay: those up to the first that is not zero.
      kept =
        if builtins.head release != "0" then
          1
        else if given == 3 && builtins.elemAt release 1 != "0" then
          2
        else
          given;
    in
    {
      "=" = isSame;
      ">" = isAfter;
      ">=" = isSame || isAfter;
      "<" = isBefore;
      "<=" = isSame || isBefore;
      "~" = agrees (if given == 1 then 1 else 2) && isNotBefore;
      "^" = agrees kept && (if given == 3 then isNotBefore else order >= 0);
    }
    .${operator};

  # Pre-releases are for those who name one of the same release.
  asksForPre = version: wanted: wanted.pre != [ ] && wanted.release == version.release;
in
{
  isVersion = text: parse text != null;

  isRequirement = text: parseRequirement text != null;

  # Whether a version meets a requirement; one that is none is met by nothing.
  satisfies =
    requirement: version:
    let
      wanted = parseRequirement requirement;
      has = parse version;
    in
    wanted != null
    && has != null
    && lib.all (meets has) wanted
    && (has.pre == [ ] || lib.any (asksForPre has) wanted);
}
