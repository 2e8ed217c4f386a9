use std::process::Command;

use crate::support::{Folder, Server, clients, node_modules};

#[test]
#[cfg_attr(not(has_node), ignore = "needs Node.js with npm")]
fn opa_javascript_client_works_unmodified() {
    let modules = node_modules();
    let folder = Folder::new();
    let yaml =
        "policies: {http/authz: {policy: echo}, stress: {}}\ndefault-decision: http/authz/a\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let ran = Command::new("node")
        .arg(clients().join("opa.js"))
        .args([modules.to_str().unwrap(), server.url()])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "all is as it should be\n");
}
