{ lib }:
let
  program = {
    type = "derivation";
    name = "policy-engine";
    outPath = "/nix/store/policy-engine";
    meta.mainProgram = "policy-engine";
  };
  module = import ../outputs/nixos-module.nix {
    inputs.self.packages.x86_64-linux.default = program;
  };
  # What the module makes of settings: without the module system, which merges and checks them.
  servicesOf =
    settings:
    (module {
      inherit lib;
      pkgs = { };
      config.services.policy-engine = {
        enable = true;
        package = program;
        arguments = [ "serve" ];
        environment = { };
      }
      // settings;
    }).config;
  service = settings: (servicesOf settings).content.systemd.services.policy-engine;
in
{
  "nixos-module: nothing runs unless it is enabled" = {
    expr = (servicesOf { enable = false; }).condition;
    expected = false;
  };
  "nixos-module: the program is started with its arguments, whatever is in them" = {
    expr =
      (service {
        arguments = [
          "serve"
          "a b"
          "100% of $HOME"
        ];
      }).serviceConfig.ExecStart;
    expected = ''"/nix/store/policy-engine/bin/policy-engine" "serve" "a b" "100%% of $$HOME"'';
  };
  "nixos-module: it has a user of its own and no privileges" = {
    expr = {
      inherit ((service { }).serviceConfig)
        CapabilityBoundingSet
        DynamicUser
        NoNewPrivileges
        ProtectSystem
        ;
    };
    expected = {
      CapabilityBoundingSet = "";
      DynamicUser = true;
      NoNewPrivileges = true;
      ProtectSystem = "strict";
    };
  };
}
