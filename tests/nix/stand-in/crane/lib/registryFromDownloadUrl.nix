# A registry whose crates are downloaded from `dl`, as its `config.json` has it.
{ lib }:
{
  dl,
  indexUrl,
  registryPrefix ? "registry+",
  fetchurlExtraArgs ? { },
}:
let
  source = if lib.hasPrefix registryPrefix indexUrl then indexUrl else registryPrefix + indexUrl;
  isTemplate = lib.any (marker: lib.hasInfix "{${marker}}" dl) [
    "crate"
    "version"
    "prefix"
    "lowerprefix"
    "sha256-checksum"
  ];
in
{
  ${source} = {
    inherit fetchurlExtraArgs;
    downloadUrl = if isTemplate then dl else "${dl}/{crate}/{version}/download";
  };
}
