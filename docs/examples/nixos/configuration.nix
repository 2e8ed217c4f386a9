# The machine: `policy-engine serve` over TLS for others, and over a Unix socket for a service here.
{ config, ... }:
{
  services.policy-engine = {
    enable = true;
    # With policies of your own:
    # package = policy-engine.lib.mkPolicyEngine { inherit pkgs; policies = ./policies; };
    settings = {
      listen = [
        "https://0.0.0.0:8443"
        "unix:///run/policy-engine/policy-engine.sock"
      ];
      diagnostic-listen = [ "127.0.0.1:8282" ];
      tls.certificate = "/run/credentials/policy-engine.service/tls.crt";
      tls.key = "/run/credentials/policy-engine.service/tls.key";
      tokens = "/run/credentials/policy-engine.service/tokens";
      policies."shop/authz" = {
        policy = "http-authz";
        settings.roles.customer = [
          {
            methods = [ "GET" ];
            paths = [ "/products/**" ];
          }
        ];
      };
    };
    credentials = {
      "tls.crt" = "/var/lib/secrets/policy-engine.crt";
      "tls.key" = "/var/lib/secrets/policy-engine.key";
      tokens = "/var/lib/secrets/policy-engine.tokens";
    };
    socketGroup = "policy-engine-clients";
    openFirewall = true;
  };

  # The service that asks over the socket.
  users.users.shop = {
    isSystemUser = true;
    group = "shop";
    extraGroups = [ config.services.policy-engine.socketGroup ];
  };
  users.groups.shop = { };

  boot.isContainer = true; # in place of your machine's disks and boot loader
  system.stateVersion = "26.05";
}
