use std::thread;
use std::time::{Duration, Instant};

use crate::support::wire::{Connection, figure};
use crate::support::{Server, until};

#[test]
fn metrics_of_many_connections_add_up() {
    let server = Server::start(&[]);
    let end = Instant::now() + Duration::from_secs(2);
    let asked: u64 = thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut connections: Vec<_> = (0..8).map(|_| Connection::to(&server)).collect();
                    let mut asked = 0;
                    while Instant::now() < end {
                        for connection in &mut connections {
                            connection.begin("/v1/data/echo", r#"{"input": {"allowed": true}}"#);
                        }
                        for connection in &mut connections {
                            let reply = connection.reply().expect(200);
                            assert_eq!(reply.body, r#"{"result":{"allowed":true}}"#);
                        }
                        asked += 8;
                    }
                    asked
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert!(asked >= 16);
    let series = |name: &str| figure(&server, &format!("policy_engine_{name}"));
    assert_eq!(series("decisions_total{id=\"echo\",outcome=\"allowed\""), asked);
    assert_eq!(series("decision_seconds_count{id=\"echo\""), asked);
    // Beside those answered about figures, this is all that was.
    let before = series("responses_total{status=\"2xx\"}");
    assert_eq!(before, asked + 2);
    for zero in
        ["requests_in_flight", "requests_queued", "requests_shed_total", "evaluations_stuck{id"]
    {
        assert_eq!(series(zero), 0, "{zero}");
    }
    until("all have left", || series("connections_open") == 1);
}
