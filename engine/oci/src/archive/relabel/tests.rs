use proptest::prelude::*;
use serde_json::json;
use tar::{Archive, Builder, EntryType, Header};

use std::io::{self, Read as _};

use super::*;

type Member<'a> = (&'a str, &'a [u8]);

/// The header of a member of root, without names.
fn header(name: &str, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o444);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1);
    header.set_size(size as u64);
    header.set_cksum();
    header
}

fn archive(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in members {
        tar.append(&header(name, bytes.len()), *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn labels(created: Option<&str>) -> BTreeMap<String, String> {
    let created = created.unwrap_or("never").to_owned();
    [
        ("created".to_owned(), created),
        ("policy-engine.crates".to_owned(), "new".to_owned()),
        ("title".to_owned(), "new".to_owned()),
    ]
    .into()
}

fn labelled(input: &[u8]) -> Result<Vec<u8>, String> {
    let mut output = Vec::new();
    relabel(input, &mut output, "policy-engine.", labels).map_err(|error| error.to_string())?;
    Ok(output)
}

/// Names and contents, and that the headers say what they said.
fn members(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let read = |entry: io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let name = entry.path().unwrap().display().to_string();
        assert_eq!(entry.header().as_bytes(), header(&name, bytes.len()).as_bytes());
        (name, bytes)
    };
    Archive::new(archive).entries().unwrap().map(read).collect()
}

const MANIFEST: Member<'_> =
    ("manifest.json", br#"[{"Config":"c.json","Layers":["l/layer.tar"],"RepoTags":null}]"#);
const CONFIG: Member<'_> = (
    "c.json",
    concat!(
        r#"{"config":{"Labels":{"policy-engine.crates":"old","theirs":"kept","title":"kept"},"#,
        r#""User":"1"},"created":"then"}"#
    )
    .as_bytes(),
);
const LAYER: Member<'_> = ("l/layer.tar", &[9; 1000]);

#[test]
fn relabelled_configuration_is_renamed_by_its_digest() {
    let config = serde_json::to_vec(&json!({
        "config": {
            "Labels": {
                "created": "then",
                "policy-engine.crates": "new",
                "theirs": "kept",
                "title": "kept",
            },
            "User": "1",
        },
        "created": "then",
    }));
    let config = config.unwrap();
    let name = format!("{}.json", digest::sha256(&config).unwrap().digest());
    let manifest =
        json!([{"Config": name, "Layers": ["l/layer.tar"], "RepoTags": null}]).to_string();
    let expected = archive(&[LAYER, (&name, &config), (MANIFEST.0, manifest.as_bytes())]);
    for input in [[LAYER, CONFIG, MANIFEST], [MANIFEST, LAYER, CONFIG], [CONFIG, MANIFEST, LAYER]] {
        let output = labelled(&archive(&input)).unwrap();
        assert_eq!(members(&output), members(&expected));
        assert!(output == expected);
    }
}

#[test]
fn members_are_given_to_root() {
    let owned = |(name, bytes): Member<'_>| {
        let mut header = header(name, bytes.len());
        header.set_uid(30001);
        header.set_gid(30000);
        header.set_username("nixbld1").unwrap();
        header.set_groupname("nixbld").unwrap();
        header.set_cksum();
        header
    };
    let mut tar = Builder::new(Vec::new());
    for (name, bytes) in [LAYER, CONFIG, MANIFEST] {
        tar.append_pax_extensions([("uname", "é".as_bytes()), ("gid", b"9".as_slice())]).unwrap();
        tar.append(&owned((name, bytes)), bytes).unwrap();
    }
    assert!(
        labelled(&tar.into_inner().unwrap()).unwrap()
            == labelled(&archive(&[LAYER, CONFIG, MANIFEST])).unwrap()
    );
    let records = b"12 uid=9999\n16 comment=kept\n16 gname=nixbld\n".as_slice();
    assert_eq!(super::super::docker::without_owner(records).unwrap(), b"16 comment=kept\n");
    for malformed in [b"uid=1\n".as_slice(), b"9 uid=1\n", b"0 uid=1\n", b"99 a=b\n"] {
        assert_eq!(super::super::docker::without_owner(malformed), None);
    }
}

#[test]
fn configuration_without_labels_gets_them() {
    for config in ["{}", r#"{"config":null}"#, r#"{"config":{"Labels":null}}"#] {
        let output = labelled(&archive(&[("c.json", config.as_bytes()), MANIFEST])).unwrap();
        let (_, config) = members(&output).swap_remove(0);
        let config: Value = serde_json::from_slice(&config).unwrap();
        let labels = json!({"created": "never", "policy-engine.crates": "new", "title": "new"});
        assert_eq!(config, json!({"config": {"Labels": labels}}));
    }
}

#[test]
fn header_extension_stays_before_its_member() {
    let long = format!("{}/layer.tar", "l".repeat(150));
    let mut tar = Builder::new(Vec::new());
    tar.append_data(&mut header("x", 3), &long, b"abc".as_slice()).unwrap();
    for (name, bytes) in [CONFIG, MANIFEST] {
        tar.append_pax_extensions([("comment", b"kept".as_slice())]).unwrap();
        tar.append(&header(name, bytes.len()), bytes).unwrap();
    }
    tar.append(&header("last", 1), b"z".as_slice()).unwrap();
    let output = labelled(&tar.into_inner().unwrap()).unwrap();
    let mut found = Vec::new();
    for entry in Archive::new(output.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let is_extended = entry.pax_extensions().unwrap().is_some();
        found.push((entry.path().unwrap().display().to_string(), is_extended));
    }
    assert_eq!(found[..2], [(long, false), ("last".to_owned(), false)]);
    assert!(found[2].1 && found[3] == ("manifest.json".to_owned(), true), "{found:?}");
}

#[test]
fn archive_of_other_than_one_image_is_refused() {
    let refused = |members: &[Member<'_>]| labelled(&archive(members)).unwrap_err();
    let manifest = |text: &'static str| refused(&[CONFIG, ("manifest.json", text.as_bytes())]);
    assert_eq!(
        refused(&[LAYER, CONFIG]),
        "the image archive on standard input has no `manifest.json`: expected a Docker archive, \
         as `docker save` and nixpkgs' `dockerTools.streamLayeredImage` write it"
    );
    assert_eq!(labelled(b"").unwrap_err(), refused(&[]));
    assert_eq!(
        refused(&[MANIFEST]),
        "`manifest.json` in the image archive names the configuration `c.json`, which is not \
         among the `.json` files at the archive's root"
    );
    assert_eq!(
        manifest(r#"[{"Config":"c.json"},{"Config":"c.json"}]"#),
        "the image archive holds 2 images, expected one\nhelp: label each one separately"
    );
    assert_eq!(
        manifest("[]"),
        "the image archive holds 0 images, expected one\nhelp: label each one separately"
    );
    let unlike = "`manifest.json` in the image archive is not as Docker has it: expected a \
                  list of one object, with the name of a file as `Config`";
    for text in ["{}", "[1]", "[{}]", r#"[{"Config":1}]"#] {
        assert_eq!(manifest(text), unlike);
    }
    assert_eq!(
        manifest("["),
        "`manifest.json` in the image archive is not JSON: EOF while parsing a list at line 1 \
         column 1"
    );
    for config in ["1", r#"{"config":1}"#, r#"{"config":{"Labels":[]}}"#] {
        assert_eq!(
            refused(&[("c.json", config.as_bytes()), MANIFEST]),
            "the configuration `c.json` in the image archive is not as Docker has it: expected \
             an object, with an object as `config`, and in it one as `Labels`, where there are \
             such"
        );
    }
    assert_eq!(
        labelled(&[0x1f, 0x8b, 8, 0]).unwrap_err(),
        "the image archive on standard input is packed with gzip, expected a plain tar archive\n\
         help: unpack it with `gunzip`, or take `dockerTools.streamLayeredImage`"
    );
}

#[test]
fn truncated_archive_is_refused() {
    let whole = archive(&[CONFIG, MANIFEST, LAYER]);
    for cut in [100, 600, 2 * 1024 + 512, whole.len() - 1024 - 512] {
        let refused = labelled(&whole[..cut]).unwrap_err();
        assert!(refused.starts_with("failed to read the image archive from standard input: "));
        assert!(
            refused.ends_with(
                "; expected a plain tar archive, as `docker save` and nixpkgs' \
                 `dockerTools.streamLayeredImage` write it"
            ),
            "{refused}"
        );
    }
}

#[test]
fn documents_above_the_memory_limit_are_refused() {
    let (half, rest) = (vec![b' '; 2 << 20], vec![b' '; (2 << 20) + 1]);
    let members: [Member<'_>; 2] = [("a.json", &half), ("b.json", &rest)];
    assert_eq!(
        labelled(&archive(&members)).unwrap_err(),
        "`b.json` in the image archive is too large: expected at most 4 MiB for all JSON \
         documents together"
    );
    // All else may be of any size.
    let large = vec![0; 5 << 20];
    labelled(&archive(&[("l/layer.tar", &large), CONFIG, MANIFEST])).unwrap();
}

proptest! {
    #[test]
    fn arbitrary_input_never_panics(
        cut in 0..4096_usize,
        changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 0..4),
    ) {
        let mut input = archive(&[LAYER, CONFIG, MANIFEST]);
        for (place, byte) in changes {
            if let Some(changed) = input.get_mut(place) {
                *changed = byte;
            }
        }
        input.truncate(input.len().saturating_sub(cut));
        let _ = labelled(&input);
    }
}
