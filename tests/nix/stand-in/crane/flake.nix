{
  description = "Stand-in for ipetkov/crane: the functions that policy-engine's flake uses";

  outputs = _: { mkLib = pkgs: import ./lib { inherit pkgs; }; };
}
