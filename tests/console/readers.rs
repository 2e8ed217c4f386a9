//! Readers of all kinds: with a token, without script, by the keyboard alone, while the server
//! changes.

use std::fs;

use serde_json::json;

use crate::browser::{Browser, TAB};
use crate::served::{CONFIGURATION, Served};

const ENTER: char = '\u{e007}';

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn browser_with_a_token_reads_everything_and_without_one_nothing() {
    let browser = Browser::take();
    let configuration = format!("tokens: tokens\n{CONFIGURATION}");
    let served = Served::with_files(&configuration, &[("tokens", "hunter2-of-the-operator\n")]);
    for path in ["/", "/decisions", "/try", "/server", "/assets/console.js"] {
        let refused = served.get(path);
        assert_eq!(refused.status, 401, "{path}");
        assert!(refused.header("www-authenticate").starts_with("Basic "), "{path}");
        assert!(!refused.text().contains("pod-security"), "{path}");
    }
    // As a browser sends what one types when it asks.
    let page = served.page("/decisions");
    let page = page.replace("http://", "http://me:hunter2-of-the-operator@");
    browser.open(&page);
    browser.examine("decisions-token");
    let authorization = [("authorization", "Bearer hunter2-of-the-operator")];
    let input = json!({"input": {"amount": 9_000, "country": "SE"}});
    let body = serde_json::to_vec(&input).unwrap();
    let decided = served.server.send("POST", "/v1/data/orders", &authorization, body);
    assert_eq!(decided.status, 200);
    browser.until("document.querySelectorAll('tbody tr').length == 1");
    browser.follow("tbody a");
    browser.follow("main a.button");
    browser.follow("button[value=try]");
    assert!(browser.text("#result").contains("denied"));
    assert_eq!(browser.log(), [json!(null); 0]);
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn everything_but_live_figures_works_without_script() {
    let browser = Browser::take();
    browser.set_script(false);
    let served = Served::start(CONFIGURATION);
    served.decide_something();
    browser.open(&served.page("/"));
    assert_eq!(browser.evaluate("document.querySelector('.live').checkVisibility()"), false);
    browser.screenshot("policies-without-script");
    browser.follow("tbody a");
    assert!(browser.text("main").contains("Checks"));

    browser.open(&served.page("/decisions"));
    browser.type_into("input[name=text]", "zz");
    browser.follow("form.filter button");
    assert_eq!(browser.count("tbody tr"), 1);
    browser.follow("tbody a");
    browser.follow("main a.button");
    browser.follow("button[value=try]");
    assert!(browser.text("#result").contains("denied"));
    browser.screenshot("try-without-script");

    browser.open(&served.page("/replay"));
    browser.type_into("textarea", "{}");
    browser.follow("form button");
    assert_ne!(browser.count("[role=alert]"), 0);
    assert_eq!(browser.log(), [json!(null); 0]);
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn keyboard_alone_goes_everywhere() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    served.decide_something();
    browser.open(&served.page("/"));
    let focused = || browser.evaluate("document.activeElement.innerText.trim()");
    browser.press(&[TAB]);
    assert_eq!(focused(), "Skip to the content");
    let is_shown = "document.activeElement.getBoundingClientRect().top >= 0";
    assert_eq!(browser.evaluate(is_shown), true);
    browser.screenshot("keyboard-skip");
    browser.press(&[ENTER]);
    assert_eq!(browser.evaluate("document.activeElement.id"), "main");

    // Every link and field has a mark when it is focused, until the browser's own come.
    let outline = "getComputedStyle(document.activeElement).outlineStyle != 'none' || \
                   getComputedStyle(document.activeElement).boxShadow != 'none'";
    browser.open(&served.page("/decisions"));
    let mut reached = Vec::new();
    loop {
        browser.press(&[TAB]);
        if browser.evaluate("document.activeElement == document.body") == true {
            break;
        }
        let name =
            browser.evaluate("document.activeElement.name || document.activeElement.innerText");
        assert_eq!(browser.evaluate(outline), true, "{name}");
        reached.push(name.as_str().unwrap_or_default().to_owned());
    }
    for wanted in ["Policies", "Try it", "Pause", "verdict", "text", "Filter"] {
        assert!(reached.iter().any(|name| name == wanted), "{wanted} is not among {reached:?}");
    }

    browser.open(&served.page("/try?policy=orders"));
    browser.evaluate("document.querySelector('#input').focus()");
    browser.type_into("#input", "amount: 900\ncountry: SE");
    browser.press(&[TAB, ENTER]);
    browser.until("document.querySelector('#result') != null");
    assert!(browser.text("#result").contains("denied"));
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn page_that_is_open_follows_a_reload_and_tells_its_mistakes() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    browser.open(&served.page("/"));
    browser.evaluate("window.isTheSamePage = true");
    let file = served.folder.path().join("config.yaml");
    fs::write(&file, format!("{CONFIGURATION}  pods-too: {{policy: pod-security-baseline}}\n"))
        .unwrap();
    served.server.signal("HUP");
    browser.until("document.body.innerText.includes('pods-too')");

    fs::write(&file, format!("{CONFIGURATION}  pods-too: {{policy: pod-securty}}\n")).unwrap();
    served.server.signal("HUP");
    browser.until("document.body.innerText.includes('pod-securty')");
    assert_eq!(browser.evaluate("window.isTheSamePage"), true);
    browser.examine("policies-mistake");

    // The server is gone for a while.
    served.server.signal("KILL");
    browser.until("document.body.innerText.includes('cannot be reached')");
    browser.screenshot("policies-gone");
}
