# Derivations from a piece of shell or text.
{
  lib,
  stdenv,
}:
let
  inherit (stdenv) shell;

  runCommand =
    name: args: buildCommand:
    stdenv.mkDerivation (
      args
      // {
        inherit name buildCommand;
        passAsFile = [ "buildCommand" ] ++ args.passAsFile or [ ];
      }
    );

  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      derivationArgs ? { },
    }:
    runCommand name
      (
        {
          inherit text executable checkPhase;
          passAsFile = [ "text" ];
          target = "${placeholder "out"}${destination}";
          meta =
            lib.optionalAttrs (lib.hasPrefix "/bin/" destination) {
              mainProgram = lib.removePrefix "/bin/" destination;
            }
            // meta;
        }
        // derivationArgs
      )
      ''
        mkdir -p "$(dirname "$target")"
        cp "$textPath" "$target"
        if [ -n "$executable" ]; then chmod +x "$target"; fi
        eval "$checkPhase"
      '';

  writeProgram =
    name: text:
    writeTextFile {
      inherit name text;
      destination = "/bin/${name}";
      executable = true;
    };

  linkFarm =
    name: entries:
    let
      listed =
        if builtins.isList entries then
          entries
        else
          lib.mapAttrsToList (name: path: { inherit name path; }) entries;
    in
    runCommand name { } ''
      mkdir -p $out
      cd $out
      ${lib.concatMapStrings (entry: ''
        mkdir -p "$(dirname ${lib.escapeShellArg entry.name})"
        ln -s ${lib.escapeShellArg "${entry.path}"} ${lib.escapeShellArg entry.name}
      '') listed}
    '';
in
{
  inherit
    linkFarm
    runCommand
    writeTextFile
    ;

  runCommandCC = runCommand;
  runCommandLocal = name: args: runCommand name (args // { preferLocalBuild = true; });

  writeText = name: text: writeTextFile { inherit name text; };
  writeTextDir =
    path: text:
    writeTextFile {
      inherit text;
      name = baseNameOf path;
      destination = "/${path}";
    };
  writeScript =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
    };
  writeScriptBin = writeProgram;
  writeShellScript =
    name: text:
    writeTextFile {
      inherit name;
      text = "#!${shell}\n${text}";
      executable = true;
    };
  writeShellScriptBin = name: text: writeProgram name "#!${shell}\n${text}";

  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? { },
      meta ? { },
      # nixpkgs runs shellcheck here, which this Debian lacks.
      excludeShellChecks ? [ ],
    }:
    writeTextFile {
      inherit name;
      destination = "/bin/${name}";
      executable = true;
      meta = {
        mainProgram = name;
      }
      // meta;
      checkPhase = ''${shell} -n "$target"'';
      text = ''
        #!${shell}
        set -o errexit -o nounset -o pipefail
        ${
          lib.concatStrings (
            lib.mapAttrsToList (name: value: "export ${lib.toShellVar name value}\n") runtimeEnv
          )
        }${
          lib.optionalString (runtimeInputs != [ ])
            ''export PATH="${lib.concatMapStringsSep ":" (package: "${package}/bin") runtimeInputs}:$PATH"''
        }

        ${text}
      '';
    };

  linkFarmFromDrvs =
    name: packages:
    linkFarm name (
      map (package: {
        inherit (package) name;
        path = package;
      }) packages
    );

  symlinkJoin =
    args@{
      name ? "${args.pname}-${args.version}",
      paths,
      postBuild ? "",
      ...
    }:
    runCommand name
      (
        removeAttrs args [
          "name"
          "paths"
          "postBuild"
        ]
        // {
          paths = lib.flatten paths;
        }
      )
      ''
        mkdir -p $out
        shopt -s dotglob nullglob
        for path in $paths; do
          for entry in "$path"/*; do
            cp --recursive --symbolic-link --no-preserve=mode --update=none "$entry" $out/
          done
        done
        ${postBuild}
      '';

  makeSetupHook =
    {
      name,
      substitutions ? { },
      propagatedBuildInputs ? [ ],
      passthru ? { },
      meta ? { },
    }:
    script:
    runCommand name { inherit passthru meta; } ''
      mkdir -p $out/nix-support
      cp --no-preserve=mode ${script} $out/nix-support/setup-hook
      ${lib.concatStrings (
        lib.mapAttrsToList (name: value: ''
          substituteInPlace $out/nix-support/setup-hook --replace ${lib.escapeShellArg "@${name}@"} ${lib.escapeShellArg value}
        '') substitutions
      )}
    '';

  # Building it lists what it was given; `nix develop` enters it.
  mkShell =
    args@{
      name ? "nix-shell",
      packages ? [ ],
      inputsFrom ? [ ],
      shellHook ? "",
      ...
    }:
    let
      inherited = attribute: lib.concatMap (package: package.${attribute} or [ ]) inputsFrom;
    in
    stdenv.mkDerivation (
      removeAttrs args [
        "inputsFrom"
        "packages"
      ]
      // {
        inherit name shellHook;
        phases = [ "installPhase" ];
        nativeBuildInputs = packages ++ args.nativeBuildInputs or [ ] ++ inherited "nativeBuildInputs";
        buildInputs = args.buildInputs or [ ] ++ inherited "buildInputs";
        installPhase = "export >$out";
      }
    );
}
