# Makes the image by nixpkgs' dockerTools: as an archive, and as a program that writes one.
{
  base,
  builder,
  extraContents,
  extraImageConfig,
  lib,
  name,
  pkgs,
  programOptions,
  tag,
}:
{
  program,
  architecture,
  ...
}@packed:
let
  config = {
    User = "1000:1000";
    Entrypoint = [ "/bin/policy-engine" ];
    Cmd = [ "serve" ];
    WorkingDir = "/";
  }
  // extraImageConfig
  // {
    ExposedPorts = {
      "8181/tcp" = { };
    }
    // extraImageConfig.ExposedPorts or { };
    Env = [
      "PATH=/bin"
      "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"
      "POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:8181"
    ]
    ++ extraImageConfig.Env or [ ];
  };
  arguments = {
    inherit
      name
      tag
      architecture
      config
      ;
    contents = [
      base
      program
    ]
    ++ extraContents;
    created = "1970-01-01T00:00:00Z";
  };
  # Labels say what the program reports. dockerTools takes them at evaluation, before there is one.
  label = lib.escapeShellArgs (
    [
      (lib.getExe builder)
      "label"
    ]
    ++ programOptions packed
  );
  stream = "${pkgs.dockerTools.streamLayeredImage arguments} | ${label}";
in
{
  image = pkgs.runCommand "${baseNameOf name}.tar.gz" {
    meta.description = "The image with the program and its policies, for `docker load`";
    passthru = {
      imageName = name;
      imageTag = tag;
      inherit config program;
    };
  } "${stream} --gzip > $out";

  image-stream =
    lib.addMetaAttrs { description = "A program that prints the image, for `docker load`"; }
      (
        pkgs.writeShellScript "stream-${baseNameOf name}" ''
          set -o pipefail
          ${stream}
        ''
      );
}
