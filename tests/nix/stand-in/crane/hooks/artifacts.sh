# Cargo's target folder, handed from one derivation to the next as `target.tar.zst`.

# As old as the sources, which have the store's times: Cargo takes what is not older for fresh.
inheritCargoArtifacts() {
    if [ -z "${cargoArtifacts-}" ]; then return; fi
    mkdir -p "${CARGO_TARGET_DIR:-target}"
    tar --extract --zstd --file "$cargoArtifacts/target.tar.zst" --directory "${CARGO_TARGET_DIR:-target}"
}

# What was built from a dummy must not pass for the real crate.
forgetCratesOfWorkspace() {
    if [ -z "${forgetWorkspaceCrates-}" ]; then return; fi
    local name
    cargo metadata --no-deps --offline --format-version 1 | jq --raw-output '.packages[].name' |
        while read -r name; do
            find "${CARGO_TARGET_DIR:-target}" -path "*/.fingerprint/$name-*" -prune -exec rm -r {} +
        done
}

prepareAndInstallCargoArtifactsDir() {
    mkdir -p "$out" "${CARGO_TARGET_DIR:-target}"
    tar --create --zstd --file "$out/target.tar.zst" --directory "${CARGO_TARGET_DIR:-target}" \
        --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner .
}

# After patching, before anything is built.
postPatchHooks+=(inheritCargoArtifacts)
if [ -n "${doInstallCargoArtifacts-}" ]; then
    postInstallHooks+=(forgetCratesOfWorkspace prepareAndInstallCargoArtifactsDir)
fi
