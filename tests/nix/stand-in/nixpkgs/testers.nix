# A test with virtual machines, without them: its build only has Python read the script. Modules of
# NixOS evaluate to plain data, unless they are functions.
{ runCommand }:
{
  runNixOSTest =
    {
      name,
      nodes,
      testScript,
    }:
    assert builtins.deepSeq (map (node: removeAttrs node [ "imports" ]) (
      builtins.attrValues nodes
    )) true;
    runCommand "vm-test-run-${name}" { inherit testScript; } ''
      printf '%s' "$testScript" > script.py
      /usr/bin/python3 -m py_compile script.py
      echo "stand-in for nixpkgs: there is no virtual machine to run the script in" >&2
      exit 1
    '';
}
