//! The tests' own eyes: each fault that a page could have is found.

use crate::browser::{Browser, Look};

/// A page of nothing but its body.
fn page(head: &str, body: &str) -> String {
    format!(
        "data:text/html,<!doctype html><html lang=en><title>A page</title>\
         <meta name=viewport content='width=device-width'>{head}<main><h1>A page</h1>\
         {body}</main>"
    )
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn fault_of_a_page_is_found() {
    let browser = Browser::take();
    let faults = |head: &str, body: &str| {
        browser.open(&page(head, body));
        [Look::Wide, Look::Dark, Look::Narrow].map(|look| browser.faults(look)).concat()
    };
    assert_eq!(faults("", "<p>All is well"), [""; 0]);
    for (head, body, fault) in [
        ("", "<p style='color: gray; background: silver'>gray", "color-contrast (serious): "),
        ("", "<input>", "label (critical): "),
        ("", "<p style='width: 400px'>wide", "wider than the screen"),
        ("", "<script>throw 'up'</script>", "Uncaught"),
        (
            "<meta http-equiv=content-security-policy content=\"default-src 'none'\">",
            "<p style='width: 40px'>styled",
            "Content Security Policy",
        ),
    ] {
        let found = faults(head, body);
        let is_found = found.iter().all(|found| found.contains(fault)) && !found.is_empty();
        assert!(is_found, "{body}: {found:#?}");
    }
}
