# A NixOS module that runs `policy-engine serve` as a systemd service which may do little else than
# answer.
{ inputs }:
{
  config,
  lib,
  pkgs,
  ...
}:
let
  cfg = config.services.policy-engine;
  format = pkgs.formats.json { };

  # A line of systemd's, which knows other quotes than a shell and has variables of its own.
  commandLine = lib.concatMapStringsSep " " (
    argument: builtins.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON argument)
  );
  credential = name: path: builtins.replaceStrings [ "%" ] [ "%%" ] "${name}:${path}";

  # In /etc and not in the store: the unit stays the same when only the settings change.
  configFile = "policy-engine/config.json";
  settingsFile = format.generate "policy-engine.json" cfg.settings;
  # `config` says what the settings come to, and all that is wrong with them.
  validatedFile = pkgs.runCommand "policy-engine-validated.json" { preferLocalBuild = true; } ''
    ${lib.getExe cfg.package} config --config ${settingsFile} >/dev/null
    ln -s ${settingsFile} "$out"
  '';
  canValidate = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;

  # Sockets and logs are opened once: a change to these takes a restart.
  settingsOfTheStart = lib.filterAttrs (
    name: _:
    builtins.elem name [
      "decision-log"
      "diagnostic-listen"
      "listen"
      "tls"
      "tokens"
      "unix-socket-mode"
    ]
  ) cfg.settings;

  capabilities = if cfg.privilegedPorts then "CAP_NET_BIND_SERVICE" else "";
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

    settings = lib.mkOption {
      type = lib.types.attrsOf format.type;
      default = { };
      example = lib.literalExpression ''
        {
          listen = [ "https://0.0.0.0:8443" ];
          tls = {
            certificate = "/run/credentials/policy-engine.service/tls.crt";
            key = "/run/credentials/policy-engine.service/tls.key";
          };
          policies.pods = {
            policy = "pod-security-restricted";
            settings.version = "v1.30";
          };
        }
      '';
      description = ''
        The configuration file of `policy-engine serve`, `/etc/${configFile}`. The service is
        reloaded when it changes, and restarted when its sockets do. Without settings it answers at
        `http://127.0.0.1:8181`.

        The file is in the Nix store, where everyone on the machine can read it: name secret files
        by their paths, as strings, and see {option}`services.policy-engine.credentials`.

        `shutdown.wait` and `shutdown.grace` must fit into systemd's patience together:
        {option}`systemd.services.policy-engine.serviceConfig.TimeoutStopSec`, a minute here.
      '';
    };

    validateSettings = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Whether a system with wrong settings is not built at all: `policy-engine config` reads them
        during the build, unless the machine that builds cannot run the program. Files that the
        settings name are not opened, and the environment is left out.
      '';
    };

    extraArguments = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "--skip-invalid" ];
      description = "More arguments for `policy-engine serve`; they outrank the settings.";
    };

    environment = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = {
        POLICY_ENGINE_LOG = "info";
      };
      description = "The environment that it is started in; it outranks the settings.";
    };

    credentials = lib.mkOption {
      type = lib.types.attrsOf lib.types.externalPath;
      default = { };
      example = {
        "tls.key" = "/var/lib/secrets/policy-engine.key";
      };
      description = ''
        Files that only root can read, such as the key of a certificate or a file of tokens. The
        service sees each, and alone does, as `/run/credentials/policy-engine.service/NAME`: that is
        the path for the settings.

        They are copied when the service starts: after a change, `systemctl restart policy-engine`,
        as a reload sees the old ones. Files of a group that the service is in
        ({option}`systemd.services.policy-engine.serviceConfig.SupplementaryGroups`) need no
        credential, and a reload reads them again.
      '';
    };

    privilegedPorts = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether it may listen on ports below 1024. It then has CAP_NET_BIND_SERVICE, and shares the
        machine's user namespace, where alone that capability counts.
      '';
    };

    socketGroup = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      example = "policy-engine-clients";
      description = ''
        The group whose members reach the Unix sockets in `/run/policy-engine`, with
        `settings.listen = [ "unix:///run/policy-engine/policy-engine.sock" ]`, say. Without one,
        only root does.

        The group is made, and is the service's own: so the folder and the sockets are the group's,
        without any privilege to give them away. The folder's mode is then 0750, and
        `settings.unix-socket-mode` is 0660 by default. Members are added with
        `users.users.NAME.extraGroups`. Any name will do but `policy-engine`, which is that of the
        service's dynamic user.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.socketGroup != "policy-engine";
        message = ''
          services.policy-engine.socketGroup is `policy-engine`, the name of the service's own dynamic
          user, which systemd refuses while there is a group of that name: choose another, such as
          `policy-engine-clients`.
        '';
      }
    ];

    services.policy-engine.settings = lib.mkIf (cfg.socketGroup != null) {
      unix-socket-mode = lib.mkDefault "0660";
    };

    users.groups = lib.mkIf (cfg.socketGroup != null) { ${cfg.socketGroup} = { }; };

    environment.etc.${configFile}.source =
      if cfg.validateSettings && canValidate then validatedFile else settingsFile;

    systemd.services.policy-engine = {
      description = "Policy engine";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      inherit (cfg) environment;

      reloadTriggers = [ settingsFile ];
      restartTriggers = [ (builtins.toJSON settingsOfTheStart) ];

      serviceConfig = {
        ExecStart = commandLine (
          [
            (lib.getExe cfg.package)
            "serve"
            "--config"
            "/etc/${configFile}"
          ]
          ++ cfg.extraArguments
        );
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        Restart = "on-failure";
        RestartSec = 1;
        # The configuration is wrong, and will be the next time.
        RestartPreventExitStatus = 78;
        # Longer than it takes to answer what it was asked before: 10 s, unless the settings say so.
        TimeoutStopSec = lib.mkDefault 60;

        # A user of its own, for as long as it runs, and a folder for its sockets.
        DynamicUser = true;
        RuntimeDirectory = "policy-engine";
        RuntimeDirectoryMode = if cfg.socketGroup == null then "0700" else "0750";
        UMask = "0077";
        LoadCredential = lib.mapAttrsToList credential cfg.credentials;

        # It reads what it is given and talks over sockets; nothing else is there for it.
        AmbientCapabilities = capabilities;
        CapabilityBoundingSet = capabilities;
        DevicePolicy = "closed";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateTmp = true;
        PrivateUsers = !cfg.privilegedPorts;
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
      }
      // lib.optionalAttrs (cfg.socketGroup != null) { Group = cfg.socketGroup; };
    };
  };
}
