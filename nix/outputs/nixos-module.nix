# A NixOS module that runs `policy-engine serve` as a hardened systemd service.
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

  # systemd has other quotes than a shell, and variables of its own.
  commandLine = lib.concatMapStringsSep " " (
    argument: lib.replaceStrings [ "%" "$" ] [ "%%" "$$" ] (builtins.toJSON argument)
  );
  credential = name: path: lib.replaceStrings [ "%" ] [ "%%" ] "${name}:${path}";

  # A path in the store would change with the settings, and the unit with it: the service would be
  # restarted, where a reload is enough.
  configFile = "policy-engine/config.json";
  settingsFile = format.generate "policy-engine.json" cfg.settings;
  # `config` fails and reports every mistake in the settings.
  validatedFile = pkgs.runCommand "policy-engine-validated.json" { preferLocalBuild = true; } ''
    ${lib.getExe cfg.package} config --config ${settingsFile} >/dev/null
    ln -s ${settingsFile} "$out"
  '';
  canValidate = pkgs.stdenv.buildPlatform.canExecute pkgs.stdenv.hostPlatform;

  # The service opens sockets and logs once, so a change to these takes a restart.
  startSettings = lib.filterAttrs (
    name: _:
    lib.elem name [
      "confinement"
      "console"
      "decision-log"
      "diagnostic-listen"
      "listen"
      "tls"
      "tokens"
      "unix-socket-mode"
    ]
  ) cfg.settings;

  # The ports of the addresses that it decides at: `null` for a Unix socket.
  portOf =
    address:
    let
      found = builtins.match "(https?://)?[^/]*:([0-9]+)" address;
    in
    if found == null then null else lib.toInt (lib.last found);
  ports = lib.unique (
    lib.filter (port: port != null) (map portOf (lib.toList (cfg.settings.listen or [ ])))
  );

  capabilities = if cfg.privilegedPorts then "CAP_NET_BIND_SERVICE" else "";
in
{
  options.services.policy-engine = {
    enable = lib.mkEnableOption "policy-engine, which decides by policies";

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
        reloaded when they change, and restarted when its sockets do. Without settings it listens on
        `http://127.0.0.1:8181`.

        The file is in the Nix store, where everyone on the machine can read it: name secret files
        by their paths, as strings, and see {option}`services.policy-engine.credentials`.

        `shutdown.wait` and `shutdown.grace` together must be less than
        {option}`systemd.services.policy-engine.serviceConfig.TimeoutStopSec`, a minute by default.
      '';
    };

    validateSettings = lib.mkOption {
      type = lib.types.bool;
      default = true;
      description = ''
        Whether to check the settings while the system is built: wrong ones then fail the build. This
        runs `policy-engine config`, unless the machine that builds cannot. It opens no file that the
        settings name, and leaves the environment out.
      '';
    };

    extraArgs = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "--skip-invalid" ];
      description = "Extra arguments of `policy-engine serve`. They outrank the settings.";
    };

    environment = lib.mkOption {
      type = lib.types.attrsOf lib.types.str;
      default = { };
      example = {
        POLICY_ENGINE_LOG = "info";
      };
      description = "Environment variables of the service. They outrank the settings.";
    };

    credentials = lib.mkOption {
      type = lib.types.attrsOf lib.types.externalPath;
      default = { };
      example = {
        "tls.key" = "/var/lib/secrets/policy-engine.key";
      };
      description = ''
        Files that only root can read, such as the key of a certificate or a file of tokens. Only the
        service sees each of them, as `/run/credentials/policy-engine.service/NAME`: this is the path
        for the settings.

        systemd copies them when the service starts. A reload sees the old ones: after a change, run
        `systemctl restart policy-engine`. Files of a group that the service is in
        ({option}`systemd.services.policy-engine.serviceConfig.SupplementaryGroups`) need no
        credential, and a reload reads them again.
      '';
    };

    openFirewall = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether to open the ports of `settings.listen` in the firewall. Those of
        `settings.diagnostic-listen` and of `settings.console` stay closed.
      '';
    };

    privilegedPorts = lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = ''
        Whether the service may listen on ports below 1024. It then has CAP_NET_BIND_SERVICE, and
        shares the machine's user namespace: the capability counts in no other.
      '';
    };

    socketGroup = lib.mkOption {
      type = lib.types.nullOr lib.types.str;
      default = null;
      example = "policy-engine-clients";
      description = ''
        The group whose members reach the Unix sockets in `/run/policy-engine`, for example with
        `settings.listen = [ "unix:///run/policy-engine/policy-engine.sock" ]`. Without a group, only
        root reaches them.

        The module makes the group, and the service runs in it: the folder and the sockets are the
        group's without a privilege to change owners. The folder's mode is then 0750, and
        `settings.unix-socket-mode` is 0660 by default. Add members with
        `users.users.NAME.extraGroups`. The name `policy-engine` is taken by the service's dynamic
        user.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.socketGroup != "policy-engine";
        message = ''
          services.policy-engine.socketGroup is `policy-engine`, the name of the service's dynamic
          user. systemd refuses such a user while there is a group of its name: choose another, such
          as `policy-engine-clients`.
        '';
      }
    ];

    services.policy-engine.settings = lib.mkIf (cfg.socketGroup != null) {
      unix-socket-mode = lib.mkDefault "0660";
    };

    users.groups = lib.mkIf (cfg.socketGroup != null) { ${cfg.socketGroup} = { }; };

    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall ports;

    environment.etc.${configFile}.source =
      if cfg.validateSettings && canValidate then validatedFile else settingsFile;

    systemd.services.policy-engine = {
      description = "Policy engine";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      inherit (cfg) environment;

      # Restarted at once, with the new system in place: stopped first, it would be away for longer,
      # and with it a socket unit that keeps its clients waiting.
      stopIfChanged = false;
      reloadTriggers = [ settingsFile ];
      restartTriggers = [ (builtins.toJSON startSettings) ];

      serviceConfig = {
        # It has started when it listens: a switch to a port that is taken fails.
        Type = "notify";
        ExecStart = commandLine (
          [
            (lib.getExe cfg.package)
            "serve"
            "--config"
            "/etc/${configFile}"
          ]
          ++ cfg.extraArgs
        );
        ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
        Restart = "on-failure";
        RestartSec = 1;
        # A wrong configuration stays wrong.
        RestartPreventExitStatus = 78;
        # Requests in flight take up to 10 s, unless the settings say otherwise.
        TimeoutStopSec = lib.mkDefault 60;

        # A user that exists while it runs, and a folder for its sockets.
        DynamicUser = true;
        RuntimeDirectory = "policy-engine";
        RuntimeDirectoryMode = if cfg.socketGroup == null then "0700" else "0750";
        UMask = "0077";
        LoadCredential = lib.mapAttrsToList credential cfg.credentials;

        # The service reads its files and talks over sockets. It needs nothing else.
        AmbientCapabilities = capabilities;
        CapabilityBoundingSet = capabilities;
        DevicePolicy = "closed";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        NoNewPrivileges = true;
        PrivateDevices = true;
        PrivateMounts = true;
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
          # Landlock and seccomp, by which the program confines its policies.
          "@sandbox"
          "~@privileged"
          "~@resources"
        ];
      }
      // lib.optionalAttrs (cfg.socketGroup != null) { Group = cfg.socketGroup; };
    };
  };
}
