//! The decisions that are kept: found by what one asks for, and live.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;

use crate::browser::Browser;
use crate::served::{CONFIGURATION, Served};
use crate::support::StopsOthers;

/// The cells of decisions in the list.
const ROWS: &str = "tbody tr";

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn decisions_are_filtered_by_the_form() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    served.decide_something();
    browser.open(&served.page("/decisions"));
    let all = browser.count(ROWS);
    assert_eq!(all, 15);
    for (field, value, words) in [
        ("verdict", "denied", "denied"),
        ("verdict", "failed", "failed"),
        ("policy", "orders", "orders"),
        ("check", "country", "country"),
        ("mode", "monitor", "orders-abroad"),
    ] {
        browser.open(&served.page("/decisions"));
        browser.put_into(&format!("select[name={field}]"), value);
        browser.follow("form.filter button");
        let rows = browser.texts(ROWS);
        assert!(!rows.is_empty() && (rows.len() as u64) < all, "{field}={value}: {rows:?}");
        assert!(rows.iter().all(|row| row.contains(words)), "{field}={value}: {rows:?}");
        let chosen = format!("document.querySelector('select[name={field}]').value");
        assert_eq!(browser.evaluate(&chosen), value);
    }
    browser.type_into("input[name=text]", "NOTHING LIKE <this> & that");
    browser.follow("form.filter button");
    assert_eq!(browser.count(ROWS), 0);
    browser.follow("form.filter a");
    assert_eq!(browser.count(ROWS), all);
    browser.type_into("input[name=text]", "IS AWAY");
    browser.follow("form.filter button");
    assert_eq!(browser.count(ROWS), 1);
    browser.follow("tbody a");
    assert!(browser.text("main").contains("the catalogue <b>is away</b>"));
    assert_eq!(browser.log(), [json!(null); 0]);
}

#[test]
#[cfg_attr(not(has_chromium), ignore = "needs Chromium with its driver, and npm")]
fn decisions_come_in_while_one_looks_and_wait_when_paused() {
    let browser = Browser::take();
    let served = Served::start(CONFIGURATION);
    browser.open(&served.page("/decisions"));
    browser.evaluate("window.isTheSamePage = true");
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let _stops = StopsOthers(&ends);
        for thread in 0..2 {
            let (served, ends) = (&served, &ends);
            scope.spawn(move || {
                let mut amount = thread;
                while !ends.load(Ordering::Relaxed) {
                    amount = (amount + 7) % 600;
                    served.decide("orders", &json!({"amount": amount, "country": "SE"}));
                }
            });
        }
        browser.until("document.querySelectorAll('tbody tr').length > 20");
        let first = "document.querySelector('tbody tr').dataset.key";
        let before = browser.evaluate(first);
        browser.until(&format!("{first} != {before}"));

        browser.click(".live button");
        assert_eq!(browser.text(".live span"), "Paused");
        let paused = browser.evaluate(first);
        thread::sleep(std::time::Duration::from_millis(2_500));
        assert_eq!(browser.evaluate(first), paused);
        browser.click(".live button");
        browser.until(&format!("{first} != {paused}"));
    });
    assert_eq!(browser.evaluate("window.isTheSamePage"), true);
    browser.open(&served.page("/policies/orders"));
    browser.screenshot("policy-busy");
    browser.open(&served.page("/"));
    browser.screenshot("policies-busy");
    assert_eq!(browser.log(), [json!(null); 0]);
}
