# Vendors the third-party crates that some locks pin, by crane.
{
  craneLib,
  lib,
  registries,
  vendorArgs,
}:
cargoLockParsedList:
let
  indexes = lib.mapAttrs (_: registry: registry.index) registries;
  crane = craneLib.appendCrateRegistries (
    lib.mapAttrsToList (
      _:
      { index, ... }@registry:
      craneLib.registryFromDownloadUrl (
        removeAttrs registry [ "index" ]
        // {
          indexUrl = index;
          registryPrefix = if lib.hasPrefix "sparse+" index then "sparse+" else "registry+";
        }
      )
    ) registries
  );
  vendored = crane.vendorMultipleCargoDeps (
    vendorArgs
    // {
      inherit cargoLockParsedList;
    }
    // lib.optionalAttrs (registries != { }) { registries = indexes; }
  );
  # Cargo looks up a registry that a manifest names, though its crates are vendored.
  named = lib.concatMapStrings (name: ''
    [registries.${builtins.toJSON name}]
    index = ${builtins.toJSON indexes.${name}}
  '') (lib.attrNames indexes);
in
if registries == { } then
  vendored
else
  vendored.overrideAttrs (before: {
    buildCommand = ''
      ${before.buildCommand}
      printf '%s' ${lib.escapeShellArg named} >> "$out/config.toml"
    '';
  })
