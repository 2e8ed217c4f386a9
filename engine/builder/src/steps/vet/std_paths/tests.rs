use super::{WAYS, clippy_toml};

#[test]
fn clippy_configuration_is_toml_with_sorted_lists() {
    let document: toml_edit::DocumentMut = clippy_toml().parse().unwrap();
    let list = document["disallowed-methods"].as_array().unwrap();
    assert_eq!(
        list.get(0).unwrap().as_inline_table().unwrap()["path"].as_str(),
        Some("std::fs::Dir::open")
    );
    for ways in &WAYS {
        for list in [ways.functions, ways.types, ways.macros] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
