# Runs the NixOS module in a virtual machine. It takes a machine with KVM, so it is a Hydra job and no
# check.
{ inputs, pkgs }:
pkgs.testers.runNixOSTest {
  name = "policy-engine-nixos-module";

  nodes.machine = {
    imports = [ inputs.self.nixosModules.default ];
    services.policy-engine = {
      enable = true;
      settings = {
        listen = [ "http://127.0.0.1:8181" ];
        policies.pods.policy = "pod-security-restricted";
      };
    };
    # Other settings, to switch to.
    specialisation.monitored.configuration.services.policy-engine.settings.policies.pods.mode =
      "monitor";
    system.switch.enable = true;

    # Started by the script: by then the service has listened by itself.
    systemd.sockets.policy-engine.listenStreams = [ "127.0.0.1:8181" ];
  };

  testScript = ''
    import json

    POD = {"kind": "Pod", "spec": {"hostNetwork": True}}
    QUESTION = json.dumps({"input": POD})
    ASK = f"curl --silent --show-error --fail --data '{QUESTION}' http://127.0.0.1:8181/v1/data/pods/allowed"


    def main_pid():
        return machine.succeed("systemctl show --property MainPID --value policy-engine.service")


    with subtest("the service has started when it decides"):
        machine.wait_for_unit("policy-engine.service")
        assert json.loads(machine.succeed(ASK)) == {"result": False}

    with subtest("other settings reload it"):
        before = main_pid()
        machine.succeed("/run/current-system/specialisation/monitored/bin/switch-to-configuration test")
        machine.wait_until_succeeds(f"{ASK} | grep --quiet '\"result\":true'")
        assert main_pid() == before

    with subtest("a start fails where the port is taken"):
        machine.succeed("systemctl stop policy-engine.service")
        machine.succeed("systemd-run --unit taken --socket-property ListenStream=127.0.0.1:8181 true")
        machine.fail("systemctl start policy-engine.service")
        machine.succeed("systemctl stop policy-engine.service taken.socket")
        machine.succeed("systemctl reset-failed policy-engine.service")

    with subtest("a restart behind a socket unit loses no request"):
        machine.succeed("systemctl start policy-engine.socket policy-engine.service")
        before = main_pid()
        machine.succeed(
            f"(for _ in $(seq 200); do {ASK} >/dev/null || exit 1; done) & clients=$!; "
            "systemctl restart policy-engine.service && wait $clients"
        )
        assert main_pid() != before

    with subtest("the service has few rights"):
        machine.succeed("systemd-analyze security --threshold=15 policy-engine.service")
  '';
}
