#!/usr/bin/env bash
# The steps of this action. What each of them takes is in the environment, as `action.yml` sets it.
set -euo pipefail

install_builder() {
    local repository=policy-engine/policy-engine programs=$RUNNER_TEMP/policy-builder target archive
    mkdir -p "$programs"
    if [ "$VERSION" = source ]; then
        cargo install --quiet --locked --root "$programs" --path "$GITHUB_ACTION_PATH/../../../engine/builder"
        echo "$programs/bin" >>"$GITHUB_PATH"
        return
    fi
    target=$(uname -m)-unknown-linux-musl
    archive=policy-builder-$target.tar.gz
    cd "$programs"
    gh release download "v$VERSION" --repo "$repository" --pattern "$archive" --pattern SHA256SUMS
    sha256sum --check --strict --ignore-missing SHA256SUMS
    # It was built by that repository's release workflow, and by nothing else.
    gh attestation verify "$archive" --repo "$repository" \
        --signer-workflow "$repository/.github/workflows/release.yml"
    tar --extract --gzip --file "$archive" --strip-components 1
    echo "$programs/bin" >>"$GITHUB_PATH"
}

test_policies() {
    cd "$DIRECTORY"
    policy-builder setup
    cargo test
    # Not every repository has suites.
    local is_suite=(-name '*.suite.yaml' -o -name '*.suite.yml' -o -name '*.suite.json')
    if [ -n "$(find "$POLICIES" \( "${is_suite[@]}" \) -print -quit)" ]; then
        policy-builder run --policies "$POLICIES" -- test "$POLICIES" --format github
    fi
}

build_image() {
    local archive=$RUNNER_TEMP/policy-engine.tar platform
    cd "$DIRECTORY"
    # Vetting is Clippy's work.
    rustup component add clippy
    for platform in ${PLATFORMS//,/ }; do
        case $platform in
        linux/amd64) rustup target add x86_64-unknown-linux-musl ;;
        linux/arm64) rustup target add aarch64-unknown-linux-musl ;;
        esac
    done
    policy-builder image --policies "$POLICIES" --platform "$PLATFORMS" --output "$archive"
    echo "archive=$archive" >>"$GITHUB_OUTPUT"
}

push_image() {
    # Under the name that the image has.
    echo "digest=$(policy-builder push "$ARCHIVE" --format json | jq --raw-output .digest)" >>"$GITHUB_OUTPUT"
}

"$1"
