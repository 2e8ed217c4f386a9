use std::fs;

use tempfile::TempDir;

use super::*;

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    fs::create_dir_all(folder.path().join("project/inside")).unwrap();
    folder
}

/// Reads the configuration in `project/inside` with the home `home`.
fn read_with(folder: &TempDir, variables: &[(&str, &str)]) -> Result<Configuration, String> {
    let at = folder.path();
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Configuration::read_in(&at.join("project/inside"), Some(&at.join("home")), variables)
        .map_err(|error| error.to_string().replace(&at.display().to_string(), ""))
}

fn read(files: &[(&str, &str)]) -> (String, Vec<String>) {
    let folder = folder(files);
    let configuration = read_with(&folder, &[]).unwrap();
    let shown = |text: &str| text.replace(&folder.path().display().to_string(), "");
    let set_aside =
        configuration.set_aside.iter().map(|setting| shown(&setting.to_string())).collect();
    (shown(&configuration.to_toml()), set_aside)
}

#[test]
fn settings_that_change_the_program_are_set_aside() {
    for key in [
        "build.rustc",
        "build.rustc-wrapper",
        "build.rustc-workspace-wrapper",
        "build.rustflags",
        "build.target",
        "env.CFLAGS",
        "host.linker",
        "profile.release.panic",
        "profile.release.package.serde.opt-level",
        "profile.release.build-override.opt-level",
        "patch.crates-io.serde",
        "paths",
        "resolver.incompatible-rust-versions",
        "target.x86_64-unknown-linux-musl.rustflags",
        "target.\"cfg(unix)\".rustflags",
        "target.x86_64-unknown-linux-musl.ssl.rustc-link-lib",
        "unstable.build-std",
        "what-comes-next",
    ] {
        for place in
            ["home/config.toml", "project/.cargo/config.toml", "project/inside/.cargo/config"]
        {
            let (followed, set_aside) = read(&[(place, &format!("{key} = \"x\"\n"))]);
            assert_eq!(followed, "", "{key}");
            assert_eq!(set_aside, [format!("`{key}` of `/{place}`")]);
        }
    }
}

#[test]
fn settings_without_effect_are_ignored() {
    for text in [
        "alias.clippy = \"run\"",
        "build.build-dir = \"elsewhere\"",
        "build.target-dir = \"elsewhere\"",
        "profile.dev.debug = 0",
        "term.verbose = true",
        "[build]",
    ] {
        assert_eq!(read(&[("home/config.toml", text)]), (String::new(), Vec::new()), "{text}");
    }
}

#[test]
fn harmless_settings_are_taken_from_every_file() {
    let home = "registries.house.index = \"file:index\"\nregistry.global-credential-providers = \
                [\"bin/low\"]\nnet.offline = true\nnet.git-fetch-with-cli = true\n\
                [source.here]\ndirectory = \"vendor\"\n";
    let project = "include = [\"more.toml\", { path = \"none.toml\", optional = true }]\n\
                   [target.x86_64-unknown-linux-musl]\nlinker = \"our tools/ld\"\nrustflags = \"-g\"\n\
                   [registry]\nglobal-credential-providers = [\"cargo:token\", \"./high\"]\n";
    let more = "net = { offline = false }\nhttp.cainfo = \"ca.pem\"\n\
                credential-alias.own = [\"bin/own\", \"a/b\"]\n";
    let (followed, set_aside) = read(&[
        ("home/config.toml", home),
        ("project/.cargo/config.toml", project),
        ("project/.cargo/more.toml", more),
    ]);
    assert_eq!(
        set_aside,
        ["`target.x86_64-unknown-linux-musl.rustflags` of `/project/.cargo/config.toml`"]
    );
    let followed: DocumentMut = followed.parse().unwrap();
    let at = |path: &str| {
        let mut item = followed.as_item();
        for key in path.split('.') {
            item = &item[key];
        }
        item.to_string().trim().to_owned()
    };
    for (path, expected) in [
        ("net.offline", "false"),
        ("net.git-fetch-with-cli", "true"),
        ("registries.house.index", "\"file:///index\""),
        ("source.here.directory", "\"/vendor\""),
        ("target.x86_64-unknown-linux-musl.linker", "\"/project/our tools/ld\""),
        ("http.cainfo", "\"/project/ca.pem\""),
        ("credential-alias.own", "[\"/project/bin/own\", \"a/b\"]"),
        (
            "registry.global-credential-providers",
            "[\"/bin/low\", \"cargo:token\", \"/project/./high\"]",
        ),
    ] {
        assert_eq!(at(path), expected, "{path}");
    }
}

#[test]
fn variables_are_treated_like_their_settings() {
    let folder = folder(&[]);
    let at = folder.path().join("project/inside");
    let deciding = [
        "CARGO_BUILD_RUSTC_WRAPPER",
        "CARGO_BUILD_TARGET",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_PROFILE_RELEASE_PANIC",
        "CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS",
        "CARGO_UNSTABLE_BUILD_STD",
        "RUSTC_BOOTSTRAP",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
    ];
    let passed = ["CARGO_INCREMENTAL", "CARGO_BUILD_BUILD_DIR", "CARGO_TARGET_DIR", "__CARGO_X"];
    let variables: Vec<_> = deciding.iter().chain(&passed).map(|name| (*name, "x")).collect();
    let configuration = read_with(&folder, &variables).unwrap();
    let set_aside: Vec<_> = configuration.set_aside.iter().map(ToString::to_string).collect();
    assert_eq!(set_aside, deciding.map(|name| format!("the variable `{name}`")));
    assert_eq!(configuration.removed.len(), deciding.len() + passed.len());
    assert!(read_with(&folder, &[("RUSTFLAGS", "")]).unwrap().set_aside.is_empty());

    let followed = [
        ("CARGO_NET_OFFLINE", "true", "true".to_owned()),
        ("CARGO_REGISTRIES_HOUSE_TOKEN", "a/b", "a/b".to_owned()),
        ("CARGO_HTTP_CAINFO", "ca.pem", at.join("ca.pem").display().to_string()),
        ("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "lld", "lld".to_owned()),
        ("CARGO_TARGET_A_LINKER", "../a b/ld", at.join("../a b/ld").display().to_string()),
    ];
    let variables = followed.clone().map(|(name, value, _)| (name, value));
    let configuration = read_with(&folder, &variables).unwrap();
    let expected = followed.map(|(name, _, value)| (name.into(), value.into()));
    assert_eq!(
        (configuration.variables.as_slice(), configuration.removed.len()),
        (&expected[..], 0)
    );
    assert!(configuration.has_linker("aarch64-unknown-linux-musl"));
    assert!(!configuration.has_linker("x86_64-unknown-linux-musl"));
}

#[test]
fn linker_is_found_in_the_table_of_its_target() {
    const ARM: &str = "aarch64-unknown-linux-musl";
    let has = |text: &str| {
        read_with(&folder(&[("home/config.toml", text)]), &[]).unwrap().has_linker(ARM)
    };
    assert!(has("[target.aarch64-unknown-linux-musl]\nlinker = \"zig-cc\"\n"));
    assert!(!has("[target.aarch64-unknown-linux-musl]\nrunner = \"qemu\"\n"));
    assert!(!has("[target.x86_64-unknown-linux-musl]\nlinker = \"zig-cc\"\n"));
}

#[test]
fn unreadable_configuration_is_named() {
    let refused =
        |text: &str| read_with(&folder(&[("project/.cargo/config.toml", text)]), &[]).unwrap_err();
    assert_eq!(
        refused("[profile"),
        "Cargo's configuration `/project/.cargo/config.toml` is not TOML: unclosed table, \
         expected `]`, at line 1, column 9"
    );
    assert_eq!(
        refused("include = \"config.toml\""),
        "Cargo's configuration `/project/.cargo/config.toml` includes itself\nhelp: remove one of \
         the `include`s"
    );
}
