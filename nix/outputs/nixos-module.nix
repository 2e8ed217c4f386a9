# A NixOS module that runs the engine as a systemd service which may do little else than answer.
{ inputs }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.policy-engine;
  # A line of systemd's, which knows other quotes than a shell and has variables of its own.
  commandLine = lib.concatMapStringsSep " " (
    argument: builtins.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON argument)
  );
in
{
  options.services.policy-engine = {
    enable = lib.mkEnableOption "policy-engine, which answers whether something may happen";

    package = lib.mkOption {
      type = lib.types.package;
      default = inputs.self.packages.${pkgs.stdenv.hostPlatform.system}.default;
      defaultText = lib.literalExpression "policy-engine.packages.\${system}.default";
      example = lib.literalExpression "policy-engine.lib.mkPolicyEngine { inherit pkgs; policies = ./policies; }";
      description = "The program, with the policies that are in it.";
    };

    arguments = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ "serve" ];
      description = "What the program is started with.";
    };

    environment = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = {
        POLICY_ENGINE_LOG = "info";
      };
      description = "The environment that it is started in.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.services.policy-engine = {
      description = "Policy engine";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      inherit (cfg) environment;

      serviceConfig = {
        ExecStart = commandLine ([ (lib.getExe cfg.package) ] ++ cfg.arguments);
        Restart = "on-failure";
        RestartSec = 1;

        # A user of its own, for as long as it runs, and a folder for its sockets.
        DynamicUser = true;
        RuntimeDirectory = "policy-engine";
        UMask = "0077";

        # It reads what it is given and talks over sockets; nothing else is there for it.
        AmbientCapabilities = "";
        CapabilityBoundingSet = "";
        DevicePolicy = "closed";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        PrivateUsers = true;
        ProcSubset = "pid";
        ProtectClock = true;
        ProtectControlGroups = true;
        ProtectHome = true;
        ProtectHostname = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectProc = "invisible";
        ProtectSystem = "strict";
        RemoveIPC = true;
        RestrictAddressFamilies = [
          "AF_INET"
          "AF_INET6"
          "AF_UNIX"
        ];
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        SystemCallArchitectures = "native";
        SystemCallErrorNumber = "EPERM";
        SystemCallFilter = [
          "@system-service"
          "~@privileged"
          "~@resources"
        ];
      };
    };
  };
}
