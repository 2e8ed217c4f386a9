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
  # As much of nixpkgs as the module asks for: files are what is in them.
  pkgs = {
    coreutils = "/nix/store/coreutils";
    formats.json = _: { generate = _: builtins.toJSON; };
    runCommand =
      _: _: text:
      "validated by ${text}";
    stdenv = {
      buildPlatform.canExecute = platform: platform == "here";
      hostPlatform = "here";
    };
  };
  # What the module makes of settings: without the module system, which merges and checks them.
  madeWith =
    pkgs: options:
    (module {
      inherit lib pkgs;
      config.services.policy-engine = {
        enable = true;
        package = program;
        settings = { };
        validateSettings = true;
        extraArgs = [ ];
        openFirewall = false;
        environment = { };
        credentials = { };
        privilegedPorts = false;
        socketGroup = null;
      }
      // options;
    }).config;
  made = options: (madeWith pkgs options).content;
  unit = options: (made options).systemd.services.policy-engine;
  service = options: (unit options).serviceConfig;
  file = config: config.content.environment.etc."policy-engine/config.json".source;
  holds = options: map (assertion: assertion.assertion) (made options).assertions;
in
{
  "nixos-module: nothing runs unless it is enabled" = {
    expr = (madeWith pkgs { enable = false; }).condition;
    expected = false;
  };
  "nixos-module: the program serves what is in its file, with more arguments, whatever is in them" = {
    expr =
      (service {
        extraArgs = [
          "a b"
          "100% of $HOME"
        ];
      }).ExecStart;
    expected = ''"/nix/store/policy-engine/bin/policy-engine" "serve" "--config" "/etc/policy-engine/config.json" "a b" "100%% of $$HOME"'';
  };
  "nixos-module: the file is what `config` finds nothing wrong with" = {
    expr = file (madeWith pkgs { settings.timeout = "2s"; });
    expected = ''
      validated by /nix/store/policy-engine/bin/policy-engine config --config {"timeout":"2s"} >/dev/null
      ln -s {"timeout":"2s"} "$out"
    '';
  };
  "nixos-module: the file is the settings where nobody can or should ask the program" = {
    expr = map file [
      (madeWith pkgs { validateSettings = false; })
      (madeWith (lib.recursiveUpdate pkgs { stdenv.hostPlatform = "elsewhere"; }) { })
    ];
    expected = [
      "{}"
      "{}"
    ];
  };
  "nixos-module: other settings change nothing in the unit but what reloads it" = {
    expr =
      removeAttrs (unit { settings.timeout = "2s"; }) [ "reloadTriggers" ]
      == removeAttrs (unit { }) [ "reloadTriggers" ];
    expected = true;
  };
  "nixos-module: settings reload it, those of its sockets restart it" = {
    expr = {
      inherit
        (unit {
          settings = {
            listen = [ "http://127.0.0.1:80" ];
            timeout = "2s";
          };
        })
        reloadTriggers
        restartTriggers
        ;
    };
    expected = {
      reloadTriggers = [ ''{"listen":["http://127.0.0.1:80"],"timeout":"2s"}'' ];
      restartTriggers = [ ''{"listen":["http://127.0.0.1:80"]}'' ];
    };
  };
  "nixos-module: it has started when it says so, and a change restarts it at once" = {
    expr = {
      inherit (service { }) Type;
      inherit (unit { }) stopIfChanged;
    };
    expected = {
      Type = "notify";
      stopIfChanged = false;
    };
  };
  "nixos-module: a reload is a signal, and a wrong configuration is not tried again" = {
    expr = {
      inherit (service { }) ExecReload RestartPreventExitStatus;
    };
    expected = {
      ExecReload = "/nix/store/coreutils/bin/kill -HUP $MAINPID";
      RestartPreventExitStatus = 78;
    };
  };
  "nixos-module: it has a user of its own and no privileges" = {
    expr = {
      inherit (service { })
        AmbientCapabilities
        CapabilityBoundingSet
        DynamicUser
        LoadCredential
        NoNewPrivileges
        PrivateUsers
        ProtectSystem
        RuntimeDirectoryMode
        ;
    };
    expected = {
      AmbientCapabilities = "";
      CapabilityBoundingSet = "";
      DynamicUser = true;
      LoadCredential = [ ];
      NoNewPrivileges = true;
      PrivateUsers = true;
      ProtectSystem = "strict";
      RuntimeDirectoryMode = "0700";
    };
  };
  "nixos-module: low ports take one capability, in the machine's user namespace" = {
    expr = {
      inherit (service { privilegedPorts = true; })
        AmbientCapabilities
        CapabilityBoundingSet
        PrivateUsers
        ;
    };
    expected = {
      AmbientCapabilities = "CAP_NET_BIND_SERVICE";
      CapabilityBoundingSet = "CAP_NET_BIND_SERVICE";
      PrivateUsers = false;
    };
  };
  "nixos-module: an open firewall has the ports that it decides at" = {
    expr =
      map
        (options: {
          inherit ((made options).networking.firewall.allowedTCPPorts) condition content;
        })
        [
          { }
          {
            openFirewall = true;
            settings = {
              diagnostic-listen = [ "http://0.0.0.0:9000" ];
              listen = [
                "https://0.0.0.0:8443"
                "http://[::]:8080"
                "0.0.0.0:8080"
                "unix:///run/policy-engine/http.sock"
              ];
            };
          }
        ];
    expected = [
      {
        condition = false;
        content = [ ];
      }
      {
        condition = true;
        content = [
          8443
          8080
        ];
      }
    ];
  };
  "nixos-module: credentials are given by name, whatever their paths" = {
    expr = (service { credentials."tls.key" = "/secrets/100%.key"; }).LoadCredential;
    expected = [ "tls.key:/secrets/100%%.key" ];
  };
  "nixos-module: a group for its sockets is made, and is the service's own" = {
    expr =
      let
        config = made { socketGroup = "clients"; };
      in
      {
        inherit (config.systemd.services.policy-engine.serviceConfig) Group RuntimeDirectoryMode;
        groups = config.users.groups.content;
        mode = config.services.policy-engine.settings.content.unix-socket-mode.content;
      };
    expected = {
      Group = "clients";
      RuntimeDirectoryMode = "0750";
      groups.clients = { };
      mode = "0660";
    };
  };
  "nixos-module: without a group for its sockets nothing is said of one" = {
    expr = {
      groups = (made { }).users.groups.condition;
      settings = (made { }).services.policy-engine.settings.condition;
      group = service { } ? Group;
    };
    expected = {
      groups = false;
      settings = false;
      group = false;
    };
  };
  "nixos-module: the group for its sockets has another name than its user" = {
    expr = map holds [
      { }
      { socketGroup = "clients"; }
      { socketGroup = "policy-engine"; }
    ];
    expected = [
      [ true ]
      [ true ]
      [ false ]
    ];
  };
  "nixos-module: the example in the documentation is a service, with the secrets that its settings name" =
    {
      expr =
        let
          inherit (import ../../docs/examples/nixos/configuration.nix { config = { }; }) services;
          config = made services.policy-engine;
        in
        {
          inherit (config.systemd.services.policy-engine.serviceConfig) Group LoadCredential;
          named = lib.all (
            name:
            lib.hasInfix "policy-engine.service/${name}" (file {
              content = config;
            })
          ) (lib.attrNames services.policy-engine.credentials);
          ports = config.networking.firewall.allowedTCPPorts.content;
        };
      expected = {
        Group = "policy-engine-clients";
        LoadCredential = [
          "tls.crt:/var/lib/secrets/policy-engine.crt"
          "tls.key:/var/lib/secrets/policy-engine.key"
          "tokens:/var/lib/secrets/policy-engine.tokens"
        ];
        named = true;
        ports = [ 8443 ];
      };
    };
}
