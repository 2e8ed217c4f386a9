{
  description = "Our policies";

  inputs.policy-engine.url = "github:policy-engine/policy-engine";

  outputs =
    { policy-engine, self, ... }:
    let
      systems = [
        "aarch64-darwin"
        "aarch64-linux"
        "x86_64-linux"
      ];
      engines = builtins.listToAttrs (
        map (system: {
          name = system;
          value = policy-engine.lib.mkPolicyEngine {
            inherit system;
            policies = ./policies;
            name = "policies";
            revision = self.rev or self.dirtyRev or null;
          };
        }) systems
      );
      each = output: builtins.mapAttrs (_: engine: engine.${output}) engines;
    in
    {
      packages = each "packages";
      apps = each "apps";
      checks = each "checks";
      devShells = each "devShells";
    };
}
