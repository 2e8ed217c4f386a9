# Functions over lists.
let
  inherit (builtins)
    elemAt
    foldl'
    genList
    isList
    length
    ;

  sublist =
    start: count: list:
    let
      available = length list - start;
    in
    genList (i: elemAt list (start + i)) (
      if available < 0 then
        0
      else if count < available then
        count
      else
        available
    );
  flatten = x: if isList x then builtins.concatMap flatten x else [ x ];
in
{
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    foldl'
    genList
    groupBy
    head
    length
    map
    partition
    sort
    tail
    ;
  inherit flatten sublist;

  last = list: elemAt list (length list - 1);
  init = list: sublist 0 (length list - 1) list;
  take = sublist 0;
  drop = count: list: sublist count (length list) list;
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: values: if condition then values else [ ];
  singleton = value: [ value ];
  toList = value: if isList value then value else [ value ];
  remove = value: builtins.filter (x: x != value);
  reverseList = list: genList (i: elemAt list (length list - 1 - i)) (length list);
  range = first: last: if first > last then [ ] else genList (i: first + i) (last - first + 1);
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);
  imap1 = f: list: genList (i: f (i + 1) (elemAt list i)) (length list);
  forEach = list: f: map f list;
  foldl = foldl';
  foldr =
    f: end: list:
    foldl' (rest: x: f x rest) end (genList (i: elemAt list (length list - 1 - i)) (length list));
  unique = foldl' (seen: x: if builtins.elem x seen then seen else seen ++ [ x ]) [ ];
  subtractLists = unwanted: builtins.filter (x: !builtins.elem x unwanted);
  intersectLists = wanted: builtins.filter (x: builtins.elem x wanted);
  count = condition: list: length (builtins.filter condition list);
  findFirst =
    condition: default: list:
    let
      found = builtins.filter condition list;
    in
    if found == [ ] then default else builtins.head found;
  zipListsWith =
    f: a: b:
    genList (i: f (elemAt a i) (elemAt b i)) (if length a < length b then length a else length b);
  sortOn = key: builtins.sort (a: b: key a < key b);
}
