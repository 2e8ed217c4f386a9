use std::process::Command;

use crate::support::{Folder, Server, clients, python};

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn opa_python_client_works_unmodified() {
    let python = python();
    let folder = Folder::new();
    let yaml = "policies: {http/authz: {policy: echo}, stress: {}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let ran = Command::new(python.join("bin/python"))
        .arg(clients().join("opa.py"))
        .arg(server.address().port().to_string())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "all is as it should be\n");
}
