# Checks that evaluation, `policy-builder`, the program and the image's labels name the same policies.
{
  discovered,
  image,
  pkgs,
  program,
  registration,
}:
pkgs.runCommand "check-reported"
  {
    nativeBuildInputs = [ pkgs.jq ];
    discovered = builtins.toJSON (
      map (policy: "${policy.crate} ${policy.version}") discovered.policies
    );
  }
  ''
    same() { diff <(echo "$2" | jq --sort-keys .) <(echo "$3" | jq --sort-keys .) || { echo "error: $1" >&2; exit 1; }; }

    asked=$(jq '[.policies[] | "\(.crate) \(.version)"]' ${registration}/program/policies.json)
    same 'the evaluation (<) and policy-builder (>) discover other policy crates' \
      "$(jq sort <<< "$discovered")" "$(jq sort <<< "$asked")"

    listed=$(${program}/bin/policy-engine list --format json)
    same 'the program (>) does not report a policy of each crate that was asked for (<)' \
      "$(jq '[.policies[].crate] | unique' ${registration}/program/policies.json)" \
      "$(jq '[.[].crate] | unique' <<< "$listed")"

    tar -xzf ${image} --wildcards '*.json'
    label=$(jq -r '.config.Labels["policy-engine.policies"]' "$(jq -r '.[].Config' manifest.json)")
    same 'the image (>) is labelled with other policies than its program (<) reports' \
      "$(jq 'map({ name, version, crate })' <<< "$listed")" "$(jq . <<< "$label")"
    touch "$out"
  ''
