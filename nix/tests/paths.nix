{ lib }:
let
  paths = import ../discover/paths.nix { inherit lib; };
in
{
  "paths: folders and files are told apart" = {
    expr =
      map
        (path: [
          (paths.isFolder path)
          (paths.isFile path)
        ])
        [
          ./.
          ./paths.nix
          ./nothing
        ];
    expected = [
      [
        true
        false
      ]
      [
        false
        true
      ]
      [
        false
        false
      ]
    ];
  };

  "paths: a folder contains itself and what is below it" = {
    expr = map (paths.contains /a/b) [
      /a/b
      /a/b/c/d
      /a/bc
      /a
    ];
    expected = [
      true
      true
      false
      false
    ];
  };

  "paths: the way down from a folder" = {
    expr = map ({ folder, path }: paths.within folder path) [
      {
        folder = /a;
        path = /a;
      }
      {
        folder = /a;
        path = /a/b/c;
      }
      {
        folder = /.;
        path = /a/b;
      }
    ];
    expected = [
      ""
      "b/c"
      "a/b"
    ];
  };

  "paths: the folders above, the nearest first, none above a store path" = {
    expr = map (path: map toString (paths.above path)) [
      /a/b
      /.
      (/. + "${builtins.storeDir}/x/a/b")
      (/. + "${builtins.storeDir}/x")
    ];
    expected = [
      [
        "/a"
        "/"
      ]
      [ ]
      [
        "${builtins.storeDir}/x/a"
        "${builtins.storeDir}/x"
      ]
      [ ]
    ];
  };
}
