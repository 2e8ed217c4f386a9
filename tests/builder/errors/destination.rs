use std::fs;

use crate::support::{Folder, Mounted, repository, sentence};

#[test]
fn impossible_destination_fails_before_compiling() {
    let folder = Folder::new().policy("good").file("thesis/chapter-1", "");
    for (arguments, sentence) in [
        (
            ["--output", "no/image.tar"],
            "failed to write the image to `no/image.tar`: there is no folder `no`\n\
             help: create it, or choose another",
        ),
        (
            ["--output", "thesis"],
            "failed to write the image to `thesis`: found a folder, expected a file\n\
             help: add a file name",
        ),
        (
            ["--oci-layout", "no/layout"],
            "failed to write the image to `no/layout`: there is no folder `no`\n\
             help: create it, or choose another",
        ),
        (
            ["--oci-layout", "thesis"],
            "failed to write the image to `thesis`: the folder is neither empty nor an OCI image \
             layout (it has no `oci-layout` file), so it is left unchanged\n\
             help: remove it, or choose another name",
        ),
        (
            ["--report", "no/report.json"],
            "failed to write the report to `no/report.json`: there is no folder `no`\n\
             help: create it, or choose another",
        ),
    ] {
        assert_eq!(folder.fails(&arguments), format!("error: {sentence}\n"));
    }
    let said = folder.fails_as(&mut folder.builder(&["build", "--output", "no/program"]));
    assert_eq!(
        said,
        "error: failed to write the program to `no/program`: there is no folder `no`\n\
         help: create it, or choose another\n"
    );
}

#[test]
#[cfg_attr(not(has_mount), ignore = "needs the right to mount a tmpfs")]
fn read_only_destination_is_reported() {
    let folder = Folder::new().policy("good").file("sealed/old", "");
    let sealed = folder.path().join("sealed");
    let _mounted = Mounted::over(&sealed, "ro,size=64k");
    assert_eq!(
        folder.fails(&["--output", "sealed/image.tar"]),
        "error: failed to write the image to `sealed/image.tar`: permission to write in the folder \
         `sealed` is denied\nhelp: choose another\n"
    );
}

#[test]
#[cfg_attr(not(has_mount), ignore = "needs the right to mount a tmpfs")]
fn full_destination_disk_is_reported_and_old_files_stay() {
    let folder = Folder::new().file("small/old", "");
    let small = folder.path().join("small");
    let _mounted = Mounted::over(&small, "size=64k");
    fs::write(small.join("image.tar"), "an older image").unwrap();
    let fails = |arguments| {
        folder.fails_as(repository().packed_again(&folder).args::<[_; 2], &str>(arguments))
    };
    for (option, place) in [("--output", "small/new.tar"), ("--oci-layout", "small/layout")] {
        let said = fails([option, place]);
        assert_eq!(
            sentence(&said),
            format!(
                "failed to write the image to `{place}`: no space is left in the folder `small`\n\
                 help: free some, or choose another folder"
            )
        );
    }
    // `fails` sees to it that an older image stays.
    fails(["--output", "small/image.tar"]);
}

#[test]
#[cfg_attr(not(has_mount), ignore = "needs the right to mount a tmpfs")]
fn full_work_disk_is_reported() {
    let folder = Folder::new().policy("good").file("small/old", "");
    let small = folder.path().join("small");
    let _mounted = Mounted::over(&small, "size=64k");
    let said = folder.builder(&["image", "--work-dir", "small"]).assert().code(1).stdout("");
    let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
    let sentence = sentence(&said);
    assert!(
        sentence.starts_with("failed to lay out the workspace: failed to write to file `"),
        "{sentence}"
    );
    assert!(sentence.ends_with("`: No space left on device (os error 28)"), "{sentence}");
    assert!(!folder.path().join("policy-engine.tar").exists());
}

#[test]
#[cfg_attr(not(has_mount), ignore = "needs the right to mount a tmpfs")]
fn disk_full_during_compilation_is_reported() {
    let folder = Folder::new().policy("good").file("small/old", "");
    let small = folder.path().join("small");
    let _mounted = Mounted::over(&small, "size=20m");
    let said = folder.builder(&["image", "--work-dir", "small"]).assert().code(1).stdout("");
    let said = String::from_utf8(said.get_output().stderr.clone()).unwrap();
    assert_eq!(
        sentence(&said),
        "no space left to compile in\nhelp: free some, or name a work folder elsewhere with \
         `--work-dir`"
    );
    assert!(!folder.path().join("policy-engine.tar").exists());
}
