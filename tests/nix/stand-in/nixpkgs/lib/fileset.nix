# Sets of files: here each is the list of its files' paths, from the root of the file system.
{
  lists,
  sources,
  strings,
}:
let
  typeOf =
    path:
    if !builtins.pathExists path then
      null
    else
      (builtins.readDir (dirOf path)).${baseNameOf path} or "directory";

  # Every file in a folder and below it, for which the condition holds. Folders are no files.
  filesIn =
    condition: folder:
    builtins.concatMap (
      name:
      let
        path = folder + "/${name}";
        type = entries.${name};
        entries = builtins.readDir folder;
      in
      if type == "directory" then
        filesIn condition path
      else if condition (fileOf name type) then
        [ path ]
      else
        [ ]
    ) (builtins.attrNames (builtins.readDir folder));
  fileOf = name: type: {
    inherit name type;
    hasExt = extension: strings.hasSuffix ".${extension}" name;
  };

  setOf = files: {
    _type = "fileset";
    _files = lists.unique files;
  };

  # A path stands for itself or for all that is below it.
  filesOf =
    context: value:
    if value._type or null == "fileset" then
      value._files
    else if !builtins.isPath value then
      throw "${context} is of type ${builtins.typeOf value}, but it should be a file set or a path instead."
    else if typeOf value == null then
      throw "${context} (${toString value}) is a path that does not exist."
    else if typeOf value == "directory" then
      filesIn (_: true) value
    else
      [ value ];
in
{
  maybeMissing =
    path:
    if !builtins.isPath path then
      throw "lib.fileset.maybeMissing: Argument is of type ${builtins.typeOf path}, but it should be a path instead."
    else if typeOf path == null then
      setOf [ ]
    else
      setOf (filesOf "lib.fileset.maybeMissing" path);

  union = a: b: setOf (filesOf "lib.fileset.union: first" a ++ filesOf "lib.fileset.union: second" b);
  unions = sets: setOf (builtins.concatMap (filesOf "lib.fileset.unions: element") sets);
  intersection =
    a: b:
    setOf (
      lists.intersectLists (filesOf "lib.fileset.intersection: second" b) (
        filesOf "lib.fileset.intersection: first" a
      )
    );
  difference =
    a: b:
    setOf (
      lists.subtractLists (filesOf "lib.fileset.difference: negative" b) (
        filesOf "lib.fileset.difference: positive" a
      )
    );
  fileFilter =
    condition: path:
    if typeOf path == "directory" then
      setOf (filesIn condition path)
    else
      setOf (
        builtins.filter (file: condition (fileOf (baseNameOf file) (typeOf file))) (
          filesOf "lib.fileset.fileFilter: second" path
        )
      );

  toList = set: filesOf "lib.fileset.toList: Argument" set;

  # A folder without any file of the set is not there.
  toSource =
    { root, fileset }:
    let
      base = toString root + "/";
      files = map toString (filesOf "lib.fileset.toSource: `fileset`" fileset);
      outside = lists.findFirst (file: !strings.hasPrefix base file) null files;
      isKept = builtins.listToAttrs (
        map (name: {
          inherit name;
          value = true;
        }) files
      );
    in
    if !builtins.isPath root then
      throw "lib.fileset.toSource: `root` is of type ${builtins.typeOf root}, but it should be a path instead."
    else if outside != null then
      throw "lib.fileset.toSource: `fileset` could contain files in ${outside}, which is not under the `root` (${toString root})."
    else
      sources.cleanSourceWith {
        name = "source";
        src = root;
        filter =
          path: type:
          if type == "directory" then lists.any (strings.hasPrefix (path + "/")) files else isKept ? ${path};
      };
}
