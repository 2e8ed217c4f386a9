# Runs the suites in the folder of policies, where there are any.
{
  pkgs,
  policiesSource,
  program,
}:
pkgs.runCommand "check-suites" { inherit (policiesSource) suites; } ''
  if [ -n "$suites" ]; then
    cd "$suites/${policiesSource.within}"
    ${program}/bin/policy-engine test --format table
  else
    echo 'no suites: a file that ends in `.suite.yaml`, `.suite.yml` or `.suite.json` is one'
  fi
  touch "$out"
''
