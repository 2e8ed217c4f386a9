use std::fs;
use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::support::{Server, until};

/// The times that the threads of a process have been woken.
fn wake_ups(server: &Server) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    tasks
        .map(|task| {
            let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.unwrap().trim().parse::<u64>().unwrap()
        })
        .sum()
}

/// The times within two seconds.
fn wake_ups_of_two_seconds(server: &Server) -> u64 {
    let before = wake_ups(server);
    sleep(Duration::from_secs(2));
    wake_ups(server) - before
}

/// Before the first question and after the last.
#[test]
fn server_at_rest_is_hardly_woken() {
    let server = Server::start(&[]);
    let comes_to_rest = || {
        until("it is woken at most twice a second", || wake_ups_of_two_seconds(&server) <= 4);
    };
    comes_to_rest();
    server.post("/v0/data/echo", &json!({"allowed": true}));
    assert!(wake_ups_of_two_seconds(&server) > 20, "it is looked after while it is asked");
    comes_to_rest();
}
