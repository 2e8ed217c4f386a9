//! Every page in every way to look at it: without a fault, and with all text as text.

use serde_json::Value;

use crate::browser::Browser;
use crate::served::{CONFIGURATION, Served};

/// What replays the decisions otherwise.
const OTHERWISE: &str = "
skip-invalid: true
policies:
  orders: {policy: orders@2.0.0, settings: {limit: 400, countries: [SE, ZZ]}}
  orders-abroad: {policy: orders@2.0.0}
  pods: {policy: pod-security-baseline}
  answers: {}
  slow: {policy: answers}
";

/// What would be there if text of others were markup.
const MARKUP: &str = "main img, main script, main b, [onerror]";

/// Looks at a page, and makes sure that it says something and that nothing of it is markup of others.
#[track_caller]
fn examine(browser: &Browser, name: &str, words: &str) {
    browser.examine(name);
    let text = browser.text("body");
    assert!(text.contains(words), "{name} does not say `{words}`: {text}");
    assert_eq!(browser.count(MARKUP), 0, "{name} has markup of others");
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn every_page_is_without_fault_however_it_is_looked_at() {
    let browser = Browser::take();
    let served = Served::start(&format!("decision-log: decisions.jsonl\n{CONFIGURATION}"));
    let of_text = |text: &str| {
        let page = served.get(&format!("/decisions?format=json&text={text}"));
        let id = page.json()["decisions"][0]["decision_id"].take();
        format!("/decisions/{}", id.as_str().unwrap_or_else(|| panic!("no decision of {text}")))
    };
    let open = |path: &str| browser.open(&served.page(path));

    open("/decisions");
    examine(&browser, "decisions-none", "No decision is kept yet");
    served.decide_something();
    for (path, name, words) in [
        ("/", "policies", "orders-abroad"),
        ("/policies/orders", "policy", "Orders stay below the limit"),
        ("/policies/markup", "policy-markup", "<script>alert(1)</script>"),
        ("/policies/answers", "policy-answers", "Does as its input says"),
        ("/decisions", "decisions", "9000 EUR is above the limit of 500"),
        ("/decisions?policy=pods&verdict=allowed", "decisions-no-match", "Show all"),
        (&of_text("hostnetwork"), "decision", "hostNetwork"),
        (&of_text("catalogue"), "decision-failed", "the catalogue <b>is away</b>"),
        (&of_text("alert(5)"), "decision-markup", "<script>alert(5)</script>"),
        ("/try", "try", "Nothing of it is counted"),
        ("/try?policy=orders", "try-orders", "Policy"),
        ("/server", "server", "skip-invalid"),
        ("/replay", "replay-none", "policy-engine replay --format json"),
        ("/nothing", "problem", "404"),
    ] {
        open(path);
        // The browser itself tells that the page of a problem is no page.
        if name == "problem" {
            let log = browser.log();
            assert!(log.len() == 1 && log[0].to_string().contains("404"), "{log:?}");
        }
        examine(&browser, name, words);
    }
    open("/replay");
    browser.put_into("textarea", &served.replayed(OTHERWISE));
    browser.follow("form button");
    examine(&browser, "replay", "orders");
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn page_of_what_is_not_kept_says_how_to_keep_it() {
    let browser = Browser::take();
    let served = Served::start("console: 127.0.0.1:0\npolicies: {orders: {}}\n");
    browser.open(&served.page("/decisions"));
    examine(&browser, "decisions-off", "decisions: 16MiB");
    browser.open(&served.page("/"));
    examine(&browser, "policies-idle", "orders");
}

#[test]
fn no_page_tells_a_secret() {
    let served = Served::start(CONFIGURATION);
    served.decide_something();
    for path in ["/", "/policies/orders", "/decisions", "/try?policy=orders", "/server", "/replay"]
    {
        for accept in ["text/html", "application/json"] {
            let page = served.send("GET", path, &[("accept", accept)], Vec::new());
            assert_eq!(page.status, 200, "{path}");
            assert!(!page.text().contains("hunter2"), "{path} as {accept}");
            if accept == "application/json" {
                assert!(page.json().is_object(), "{path}");
            }
        }
    }
    let settings = served.get("/policies/orders?format=json").json()["settings"].take();
    assert_eq!(settings["value"]["catalogue_token"], "••••••");
    let all: Value = served.get("/server?format=json").json();
    assert!(all["settings"].to_string().contains("••••••"), "{all}");
}

/// The first page with its stylesheet and script.
#[test]
fn first_page_is_small() {
    let served = Served::start(CONFIGURATION);
    served.decide_something();
    let files = ["/", "/assets/console.css", "/assets/console.js"];
    let sizes = files.map(|path| served.get(path).body.len());
    assert!(sizes.iter().sum::<usize>() < 30_000, "{sizes:?}");
    assert!(sizes[2] < 10_000, "{sizes:?}");
}
