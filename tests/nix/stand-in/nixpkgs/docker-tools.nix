# `dockerTools.buildLayeredImage` and `streamLayeredImage`, with the arguments that nixpkgs' manual
# documents for them, less those that need a fake root.
{
  lib,
  runCommand,
  stdenv,
  symlinkJoin,
  writeText,
}:
let
  defaultTime = "1970-01-01T00:00:01Z";

  # A program that prints the image's archive.
  streamLayeredImage =
    {
      name,
      tag ? null,
      contents ? [ ],
      config ? { },
      architecture ? stdenv.hostPlatform.go.GOARCH,
      created ? defaultTime,
      mtime ? defaultTime,
      maxLayers ? 100,
      extraCommands ? "",
    }:
    let
      baseName = baseNameOf name;
      # The files at the image's root: links to the contents, and what `extraCommands` makes. Packed
      # right away, since the store keeps no permissions but whether a file is executable.
      customisation =
        runCommand "${baseName}-customisation-layer"
          {
            inherit extraCommands mtime;
            contents = symlinkJoin {
              name = "${baseName}-contents";
              paths = lib.toList contents;
            };
          }
          ''
            cp --recursive --no-dereference --no-preserve=mode $contents root
            (cd root && eval "$extraCommands")
            mkdir $out
            cd root
            find . -mindepth 1 -printf '%P\0' | sort --zero-terminated |
              tar --create --file $out/layer.tar --format=gnu --hard-dereference \
                --mtime="$mtime" --owner=root:0 --group=root:0 \
                --no-recursion --null --files-from=-
          '';
      # The configuration's own references (an entry point, say) belong to the image too.
      configFile = writeText "${baseName}-config.json" (builtins.toJSON config);
      description = derivation {
        name = "${baseName}-description.json";
        inherit (stdenv.buildPlatform) system;
        builder = "/usr/bin/python3";
        args = [ ./image_description.py ];
        __structuredAttrs = true;
        exportReferencesGraph.closure = [
          configFile
          customisation
        ];
        inherit
          architecture
          created
          customisation
          maxLayers
          mtime
          ;
        config = configFile;
        image = name;
        # An image without a tag is named after what it is made of.
        tag = if tag == null then "" else tag;
      };
      hashOf = path: builtins.substring 0 32 (baseNameOf (builtins.unsafeDiscardStringContext path));
    in
    runCommand "stream-${baseName}"
      {
        passthru = {
          imageName = name;
          imageTag = if tag != null then tag else hashOf description.outPath;
          isExe = true;
        };
      }
      ''
        printf '#!/bin/sh\nexec /usr/bin/python3 %s %s\n' ${./layered_image.py} ${description} >$out
        chmod +x $out
      '';
in
{
  inherit streamLayeredImage;

  # The same archive, packed.
  buildLayeredImage =
    args@{
      name,
      compressor ? "gz",
      ...
    }:
    let
      stream = streamLayeredImage (removeAttrs args [ "compressor" ]);
      packed =
        {
          none = {
            extension = "tar";
            program = "cat";
          };
          gz = {
            extension = "tar.gz";
            program = "gzip --no-name --best";
          };
          zstd = {
            extension = "tar.zst";
            program = "zstd --quiet";
          };
        }
        .${compressor};
    in
    runCommand "${baseNameOf name}.${packed.extension}" {
      passthru = {
        inherit (stream.passthru) imageName imageTag;
        inherit stream;
      };
    } "${stream} | ${packed.program} >$out";
}
