# A file from the network whose hash is known; so it does not matter who answers, and certificates
# need not be shown to the sandbox.
{ system }:
{
  url,
  name ? baseNameOf url,
  hash ? "",
  sha256 ? "",
}:
derivation {
  inherit name system url;
  builder = "/bin/bash";
  args = [
    "-c"
    "curl --insecure --fail --location --silent --show-error --retry 3 --output $out $url"
  ];
  PATH = "/usr/bin:/bin";
  preferLocalBuild = true;

  outputHashMode = "flat";
  outputHashAlgo = if hash == "" then "sha256" else null;
  outputHash = if hash == "" then sha256 else hash;

  impureEnvVars = [
    "http_proxy"
    "https_proxy"
    "no_proxy"
  ];
}
