# Cargo's settings, and what is done with the programs that it builds.

# `cargoWithProfile build …`: with the profile that CARGO_PROFILE names; none if that is empty.
cargoWithProfile() {
    local command=$1 profile=()
    shift
    if [ -n "$CARGO_PROFILE" ]; then profile=(--profile "$CARGO_PROFILE"); fi
    (set -x && cargo "$command" "${profile[@]}" "$@")
}

configureCargo() {
    export CARGO_HOME=${CARGO_HOME:-$PWD/.cargo-home}
    mkdir -p "$CARGO_HOME"
    CARGO_PROFILE=${CARGO_PROFILE-release}
    export CARGO_BUILD_INCREMENTAL=${CARGO_BUILD_INCREMENTAL-false}
    export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-$NIX_BUILD_CORES}
    export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$NIX_BUILD_CORES}
}

replaceCargoLock() {
    if [ -n "${cargoLock-}" ]; then cp --no-preserve=mode "$cargoLock" Cargo.lock; fi
}

useVendoredCrates() {
    if [ -n "${cargoVendorDir-}" ]; then cat "$cargoVendorDir/config.toml" >>"$CARGO_HOME/config.toml"; fi
}

# `installFromCargoBuildLog DESTINATION LOG`: the programs of this workspace that LOG tells of.
installFromCargoBuildLog() {
    local destination=$1 log=$2 program
    mkdir -p "$destination/bin"
    jq --raw-input --raw-output '
        fromjson?
        | select(.reason == "compiler-artifact" and (.profile.test | not))
        | .executable // empty
    ' "$log" | while read -r program; do cp "$program" "$destination/bin/"; done
}

# Right after the build, since a test run may build the same programs again with other features.
setBinariesAside() {
    if [ -z "${postBuildInstallsBinaries-}" ]; then return; fi
    postBuildInstallFromCargoBuildLogOut=$(mktemp -d)
    installFromCargoBuildLog "$postBuildInstallFromCargoBuildLogOut" \
        "${cargoBuildLog:?expected it to name the output of cargo build --message-format json}"
}

installCargoBinaries() {
    mkdir -p "$out"
    cp --recursive \
        "${postBuildInstallFromCargoBuildLogOut:?no programs were set aside: set installPhaseCommand}/." "$out"
}

# Panic messages hold the paths of sources: a program that names them would bring them all along.
removeReferencesToVendoredSources() {
    if [ -z "${removeReferences-}" ] || [ -z "${cargoVendorDir-}" ]; then return; fi
    local hash=${cargoVendorDir#"$NIX_STORE/"}
    find "$out" -type f -exec sed -i "s|${hash:0:32}|eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee|g" {} +
}

prePatchHooks+=(replaceCargoLock)
postPatchHooks+=(configureCargo)
preConfigureHooks+=(useVendoredCrates)
postBuildHooks+=(setBinariesAside)
postInstallHooks+=(removeReferencesToVendoredSources)
