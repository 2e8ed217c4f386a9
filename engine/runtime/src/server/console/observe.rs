use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::time::MissedTickBehavior;

use crate::server::console_state::INTERVAL;
use crate::server::state::{App, sha256};

/// Counts what policies decide, for as long as the server runs and has a console.
pub(crate) async fn observe(app: Arc<App>) {
    let Some(console) = &app.console else { return };
    let digest = tokio::task::spawn_blocking(|| program_digest().ok()).await;
    let _ = console.program_digest.set(digest.ok().flatten());
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        console.rates.observe(&app.state.load().policies);
    }
}

/// `sha256:…` of the file of this program.
fn program_digest() -> io::Result<String> {
    let mut file = File::open("/proc/self/exe")?;
    let mut digest = Sha256::new();
    let mut part = vec![0; 64 << 10];
    loop {
        let length = file.read(&mut part)?;
        let Some(read) = part.get(..length).filter(|read| !read.is_empty()) else { break };
        digest.update(read);
    }
    Ok(sha256(digest))
}
