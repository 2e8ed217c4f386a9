use std::net::TcpStream;
use std::process::{self, Child};

use crate::support::{Shell, on_path, run, until};

/// The address of the documents' server.
const ADDRESS: &str = "127.0.0.1:8181";

/// A container that serves, as a document has it. It is removed at the end.
pub(super) struct Serving {
    name: String,
    client: Child,
}

impl Serving {
    /// Starts it by these words, and waits until it answers. One test at a time may do so: the one
    /// that has the image's tag.
    pub(super) fn start(shell: &mut Shell, words: &str) -> Self {
        assert!(
            TcpStream::connect(ADDRESS).is_err(),
            "the documented server cannot listen on {ADDRESS}: another program does; end that one, \
             or leave this test out by POLICY_ENGINE_WITHOUT=docker"
        );
        // Docker may have no network of its own here.
        let name = format!("policy-readme-{}", process::id());
        let options = format!("shift; set -- run --network host --name {name} \"$@\"\n");
        shell.before("docker", &on_path("docker"), &options);
        let mut serving = Self { name, client: shell.started(words) };
        until("it serves", || {
            assert!(serving.client.try_wait().unwrap().is_none(), "`{words}` has ended");
            TcpStream::connect(ADDRESS).is_ok()
        });
        serving
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        run("docker", &["rm", "--force", &self.name]);
        self.client.wait().unwrap();
    }
}
