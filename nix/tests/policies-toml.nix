{ lib }:
let
  policiesToml = import ../build/policies-toml.nix { inherit lib; };
  ofProgram = text: policiesToml.ofProgram (fromTOML text);
in
{
  "policies.toml: a program knows what it may do, and which policies come from elsewhere" = {
    expr = ofProgram ''
      [policies]
      geo = { version = "1.2", default-features = false }

      [[vet.allow]]
      crate = "a"
      what = "files"

      [[vet.allow]]
      crate = "a"
      what = "unsafe"

      [vet.dependencies]
      deny = [ "b" ]
    '';
    expected = {
      policies.geo = {
        version = "1.2";
        default-features = false;
      };
      vet.allow = [
        {
          crate = "a";
          what = "files";
        }
      ];
    };
  };
  "policies.toml: rules that are vetting's alone are nothing to a program" = {
    expr = map ofProgram [
      ""
      "[policies]"
      ''vet.dependencies.deny = [ "b" ]''
      ''vet.allow = [ { crate = "a", what = "environment" } ]''
    ];
    expected = lib.genList (_: { }) 4;
  };
  "policies.toml: mistakes are left to policy-builder" = {
    expr = map ofProgram [
      ''vet = "a"''
      ''vet.allow = "a"''
      "vet.alow = [ ]"
      ''vet.allow = [ "a", { what = "filez" } ]''
      "other = 1"
    ];
    expected = [
      { vet = "a"; }
      { vet.allow = "a"; }
      { vet.alow = [ ]; }
      {
        vet.allow = [
          "a"
          { what = "filez"; }
        ];
      }
      { other = 1; }
    ];
  };
  "policies.toml: what is written is read as the same" = {
    expr = fromTOML (
      policiesToml.toTOML {
        policies = { };
        other = [
          true
          1.5
          { "a b" = "\"\\\n\t'é"; }
        ];
      }
    );
    expected = {
      policies = { };
      other = [
        true
        1.5
        { "a b" = "\"\\\n\t'é"; }
      ];
    };
  };
}
