//! The page that is seen first.

use policy_console::ASSETS;

use crate::samples;

/// A page of ten policies, with its stylesheet and its script.
const MOST_BYTES: usize = 30_000;
/// The script alone.
const MOST_BYTES_OF_SCRIPT: usize = 10_000;

fn html() -> String {
    let documents = samples::documents(&str::to_owned);
    documents.into_iter().find(|page| page.0 == "policies").expect("the page").1
}

#[test]
fn the_first_page_and_its_assets_are_small() {
    let assets: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
    let bytes = html().len() + assets;
    assert!(bytes <= MOST_BYTES, "{bytes} bytes, {assets} of which are assets");
    let script =
        ASSETS.iter().find(|asset| asset.content_type.contains("script")).expect("the script");
    assert!(script.text.len() < MOST_BYTES_OF_SCRIPT);
}

/// `INSTA_UPDATE=always` writes it anew.
#[test]
fn the_first_page_is_as_reviewed() {
    insta::assert_snapshot!("policies", html().replace("><", ">\n<"));
}
