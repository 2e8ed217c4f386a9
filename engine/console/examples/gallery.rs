//! Writes every page with made-up models, to be looked at: see the crate's README.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "made-up numbers are small, and lists as long as they look"
)]

use std::{env, fs, io, path::PathBuf};

use policy_console::ASSETS;

#[path = "../tests/pages/samples.rs"]
mod samples;

fn main() -> io::Result<()> {
    let folder =
        env::args_os().nth(1).map_or_else(|| "target/console-gallery".into(), PathBuf::from);
    fs::create_dir_all(folder.join("assets"))?;
    for (name, html) in samples::documents(&str::to_owned) {
        fs::write(folder.join(name).with_extension("html"), html)?;
    }
    for asset in ASSETS {
        fs::write(folder.join(asset.path.trim_start_matches('/')), asset.text)?;
    }
    Ok(())
}
