//! Trying a policy: what it decides, beside the lines that it is about, and nothing else happens.

use std::fmt::Write as _;

use serde_json::json;

use crate::browser::Browser;
use crate::served::{CONFIGURATION, Served, privileged_pod};

/// The figures of what was decided.
fn decided(served: &Served) -> Vec<String> {
    let metrics = served.server.get("/metrics").text();
    let figures = metrics.lines().filter(|line| line.starts_with("policy_engine_decision"));
    let figures: Vec<_> = figures.map(str::to_owned).collect();
    assert!(!figures.is_empty(), "{metrics}");
    figures
}

/// Tries an input on a policy.
#[track_caller]
fn tried(browser: &Browser, served: &Served, policy: &str, input: &str) -> String {
    browser.open(&served.page(&format!("/try?policy={policy}")));
    browser.put_into("#input", input);
    browser.follow("button[value=try]");
    browser.text("main")
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn verdict_stands_beside_the_lines_that_it_is_about() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    let before = decided(&served);
    let allowed = tried(&browser, &served, "orders", "amount: 20\ncountry: SE\n");
    assert!(allowed.contains("allowed"), "{allowed}");
    browser.examine("try-allowed");

    let denied = tried(&browser, &served, "orders", "# An order\namount: 900\ncountry: ZZ\n");
    assert!(denied.contains("denied"), "{denied}");
    let hits = browser.texts(".lines .hit");
    assert!(hits.len() == 2, "{hits:?}");
    assert!(hits[0].contains("amount: 900") && hits[0].contains("900 EUR is above"), "{hits:?}");
    assert!(hits[1].contains("country: ZZ") && hits[1].contains("nothing is sent"), "{hits:?}");
    browser.examine("try-denied");

    let pod = serde_json::to_string_pretty(&privileged_pod()).unwrap();
    let denied = tried(&browser, &served, "pods", &pod);
    assert!(denied.contains("denied") && browser.count(".lines .hit") > 2, "{denied}");
    browser.examine("try-pod");

    for (input, words) in [("amount: [", "line 1"), ("amount: much\ncountry: SE", "amount")] {
        let failed = tried(&browser, &served, "orders", input);
        assert!(failed.contains(words), "{input}: {failed}");
        assert_eq!(browser.evaluate("document.querySelector('#input').value"), input);
    }
    browser.examine("try-mistake");
    let failed = tried(&browser, &served, "answers", "fail: the catalogue <b>is away</b>\n");
    assert!(failed.contains("the catalogue <b>is away</b>"), "{failed}");
    browser.examine("try-failed");

    assert_eq!(served.get("/decisions?format=json").json()["decisions"], json!([]));
    assert_eq!(decided(&served), before);
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn two_versions_are_compared_with_other_settings() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    browser.open(&served.page("/try?policy=orders"));
    browser.put_into("select[name=other]", "orders@2.0.0");
    browser.put_into("#input", "amount: 450\ncountry: SE\nitems:\n  - name: lamp\n");
    browser.follow("button[value=compare]");
    assert_eq!(browser.count(".sides > div"), 2);
    let sides = browser.texts(".sides > div");
    assert!(sides[0].contains("allowed") && sides[1].contains("denied"), "{sides:?}");
    assert_ne!(browser.count(".differences li"), 0);
    browser.examine("try-compared");

    // The form of the settings, by their schema, checked as one types.
    browser.open(&served.page("/try?policy=orders"));
    browser.click("form summary");
    browser.type_into("[name='set.limit']", "50");
    browser.until(
        "document.querySelector('[data-part=configuration]').innerText.includes('limit: 50')",
    );
    browser.put_into("#input", "amount: 60\ncountry: SE\n");
    browser.follow("button[value=try]");
    assert!(browser.text("#result").contains("above the limit of 50"), "{}", browser.text("main"));
    browser.examine("try-settings");
    browser.put_into("[name='set.limit']", "0");
    browser
        .until("document.querySelector('[data-part=problems]').innerText.includes('limit is 0')");
    browser.examine("try-refused-settings");
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn input_is_text_however_hostile_or_large() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    let hostile = "text: \"</textarea></pre><script>alert(7)</script>\"\n";
    let text = tried(&browser, &served, "markup", hostile);
    assert!(text.contains("<script>alert(1)</script>"), "{text}");
    assert_eq!(browser.count("main script, main img"), 0);
    assert_eq!(browser.evaluate("document.querySelector('#input').value"), hostile);
    browser.examine("try-markup");

    let mut large = "answer: yes\nlines:\n".to_owned();
    while large.len() < 5 << 20 {
        let _ = writeln!(large, "  - {}", "a line of a large input ".repeat(8));
    }
    large.push_str("end: 1\n");
    browser.open(&served.page("/try?policy=markup"));
    browser.put_into("#input", &large);
    browser.follow("button[value=try]");
    assert!(browser.text("#result").contains("denied"));
    assert_eq!(browser.log(), [json!(null); 0]);
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn example_is_made_from_the_schema_and_a_decision_is_tried_again() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    browser.open(&served.page("/try?policy=orders"));
    browser.follow("button[value=example]");
    let example = browser.evaluate("document.querySelector('#input').value");
    assert!(example.as_str().unwrap().contains("amount"), "{example}");

    served.decide("orders", &json!({"amount": 777, "country": "SE"}));
    browser.open(&served.page("/decisions"));
    browser.follow("tbody a");
    browser.follow("main a.button");
    let input = browser.evaluate("document.querySelector('#input').value");
    assert!(input.as_str().unwrap().contains("777"), "{input}");
    assert_eq!(browser.evaluate("document.querySelector('select[name=policy]').value"), "orders");
}
