# What a derivation's builder (and `nix develop`) sources first: the phases and hooks that the
# nixpkgs manual documents, and nothing of its language support.
set -e -o pipefail
shopt -s inherit_errexit

export PATH=/usr/bin:/bin
export TZ=UTC LC_ALL=C
# As in nixpkgs, the first moment that a zip file can hold.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
export NIX_BUILD_CORES=${NIX_BUILD_CORES:-1}
if [ "$NIX_BUILD_CORES" -le 0 ]; then NIX_BUILD_CORES=$(nproc); fi
umask 022

# A hook is a function's name or shell code.
runCode() {
    if declare -F "$1" >/dev/null; then "$1"; else eval "$1"; fi
}

# `runHook preBuild`: the function or attribute of that name, then the array `preBuildHooks`.
runHook() {
    local array="$1Hooks[@]" hook
    if declare -F "$1" >/dev/null; then "$1"; elif [ -n "${!1-}" ]; then eval "${!1}"; fi
    for hook in "${!array}"; do runCode "$hook"; done
}

stripHash() {
    local name=${1##*/}
    if [[ $name =~ ^[a-z0-9]{32}- ]]; then name=${name:33}; fi
    printf '%s\n' "$name"
}

substituteInPlace() {
    local file=$1 text
    shift
    text=$(cat "$file" && printf x)
    text=${text%x}
    while [ $# -gt 0 ]; do
        case "$1" in
            --replace-fail | --replace-warn | --replace-quiet | --replace) ;;
            *) echo "substituteInPlace: unknown argument $1" >&2; return 1 ;;
        esac
        if [ "$1" = --replace-fail ] && [[ $text != *"$2"* ]]; then
            echo "substituteInPlace: \`$2\` does not occur in $file" >&2
            return 1
        fi
        text=${text//"$2"/"$3"}
        shift 3
    done
    printf %s "$text" >"$file"
}

unpackPhase() {
    runHook preUnpack
    local source folders=()
    for source in ${srcs:-${src:?neither src, srcs nor dontUnpack is set}}; do
        # Times are kept: Cargo compares them to those of what was built from the source.
        if [ -d "$source" ]; then
            folders+=("$(stripHash "$source")")
            cp -r --preserve=timestamps -- "$source" "${folders[-1]}"
        else
            folders+=("$(tar --list --file "$source" | head -n 1 | cut -d/ -f1 || true)")
            tar --extract --no-same-owner --file "$source"
        fi
    done
    sourceRoot=${sourceRoot:-${folders[0]}}
    chmod -R u+w -- "$sourceRoot"
    runHook postUnpack
}

patchPhase() {
    runHook prePatch
    local file
    for file in ${patches-}; do git apply --verbose "$file"; done
    runHook postPatch
}

configurePhase() { runHook preConfigure; runHook postConfigure; }
buildPhase() { runHook preBuild; runHook postBuild; }
checkPhase() { runHook preCheck; runHook postCheck; }
installPhase() { runHook preInstall; runHook postInstall; }
fixupPhase() { runHook preFixup; runHook postFixup; }
installCheckPhase() { runHook preInstallCheck; runHook postInstallCheck; }

# Whether an attribute such as `dontBuild` or a missing `doCheck` leaves the phase out.
isLeftOut() {
    local dont
    case "$1" in
        checkPhase) [ -z "${doCheck-}" ] ;;
        installCheckPhase) [ -z "${doInstallCheck-}" ] ;;
        *) dont=${1%Phase}; dont=dont${dont^}; [ -n "${!dont-}" ] ;;
    esac
}

genericBuild() {
    export out
    if [ -n "${buildCommandPath-}" ]; then source "$buildCommandPath"; return; fi
    if [ -n "${buildCommand-}" ]; then eval "$buildCommand"; return; fi

    local phase
    for phase in ${phases:-${prePhases[*]-} unpackPhase patchPhase ${preConfigurePhases[*]-} \
        configurePhase ${preBuildPhases[*]-} buildPhase checkPhase ${preInstallPhases[*]-} \
        installPhase ${preFixupPhases[*]-} fixupPhase installCheckPhase ${postPhases[*]-}}; do
        if isLeftOut "$phase"; then continue; fi
        echo "Running phase: $phase"
        eval "${!phase:-$phase}"
        if [ "$phase" = unpackPhase ]; then cd "${sourceRoot:-.}"; fi
    done
}

# All programs are found before the first setup hook runs.
for package in ${depsBuildBuild-} ${nativeBuildInputs-} ${buildInputs-}; do
    if [ -d "$package/bin" ]; then PATH=$package/bin:$PATH; fi
done
for package in ${depsBuildBuild-} ${nativeBuildInputs-} ${buildInputs-}; do
    if [ -f "$package/nix-support/setup-hook" ]; then source "$package/nix-support/setup-hook"; fi
done
unset package
