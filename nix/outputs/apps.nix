# The programs that `nix run` starts.
{
  callPackage,
  lib,
  packages,
  pkgs,
  policies,
}:
let
  builder = callPackage ./equipped-builder.nix { };

  mkApp = description: program: {
    type = "app";
    program = "${program}";
    meta = { inherit description; };
  };

  # One of policy-builder's commands, with arguments that are filled in.
  mkCommand =
    {
      command,
      description,
      # The usage and what is filled in, for `--help`.
      usage,
      # Shell code that completes `$@`.
      complete,
    }:
    let
      help = ''
        ${description}

        Usage: nix run .#${command} -- ${usage}

        The rest is that of this command:
      '';
    in
    mkApp description (
      pkgs.writeShellScript "policy-builder-${command}" ''
        case "''${1-}" in
        -h | --help)
          printf '%s\n' ${lib.escapeShellArg help}
          exec ${builder} ${command} "$@"
          ;;
        esac
        ${complete}
        exec ${builder} ${command} "$@"
      ''
    );

  # The policies folder within its repository: empty where it is a repository itself.
  folder =
    let
      path = builtins.unsafeDiscardStringContext (toString policies);
      parts = lib.splitString "/" (lib.removePrefix "${builtins.storeDir}/" path);
    in
    if lib.hasPrefix "${builtins.storeDir}/" path then
      lib.concatStringsSep "/" (lib.tail parts)
    else
      path;

  # A command on the folder that is named first, or by `--policies`, or else on that of the checkout
  # around the current folder.
  onFolder =
    command: description:
    mkCommand {
      inherit command description;
      usage = ''
        [DIR] [OPTIONS]

        DIR is the folder of policy crates${
          lib.optionalString (folder != "") ": `${folder}` beside the `flake.nix`, unless it is given"
        }.'';
      complete = ''
        case "''${1-}" in
        "" | -*) ;;
        *) set -- --policies "$@" ;;
        esac
        for argument; do
          case $argument in
          --policies | --policies=*) exec ${builder} ${command} "$@" ;;
          --) break ;;
          esac
        done
        folder=${lib.escapeShellArg folder}
        if [ -z "$folder" ]; then
          echo "error: the policies of this flake are a flake's input, whose folder is not known" >&2
          echo "help: name it: nix run .#${command} -- ./my-policies" >&2
          exit 1
        fi
        checkout=$PWD
        while [ -n "$checkout" ] && [ ! -e "$checkout/flake.nix" ]; do
          checkout=''${checkout%/*}
        done
        if [ -n "$checkout" ] && [ -d "$checkout/$folder" ]; then
          folder=$checkout/$folder
        fi
        set -- --policies "$folder" "$@"
      '';
    };
in
{
  default = mkApp "The engine with the policies in it" (lib.getExe packages.default);

  # `nix run .#image-stream | docker load`
  image-stream = mkApp "Prints the image, as an archive for `docker load`" packages.image-stream;

  builder = mkApp "Builds a static binary, and an image, from a folder of policy crates" builder;

  push = mkCommand {
    command = "push";
    description = "Pushes the image (`oci`) to a registry";
    usage = ''
      [OPTIONS] [REFERENCE]...

      The image is the flake's output `oci`.'';
    complete = "set -- ${packages.oci} \"$@\"";
  };

  vet = onFolder "vet" "Vets the policies: finds the forbidden capabilities that they use";

  watch = onFolder "watch" "Serves the policies, and builds them again with each save";
}
