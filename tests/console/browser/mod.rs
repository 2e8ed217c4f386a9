//! Debian's Chromium, as a reader of the console uses it. It is one for all tests, which take turns.

mod axe;
mod driver;
mod looks;

use std::fs;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{PATIENCE, until};
use driver::Driver;
pub(crate) use looks::Look;

/// The key that leads to the next link or field.
pub(crate) const TAB: char = '\u{e004}';

/// The browser, while one test has it.
pub(crate) struct Browser(MutexGuard<'static, Option<Driver>>);

impl Browser {
    /// Waits for the browser, and has it as it was in the beginning.
    pub(crate) fn take() -> Self {
        static SHARED: Mutex<Option<Driver>> = Mutex::new(None);
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.get_or_insert_with(Driver::start);
        let browser = Self(shared);
        browser.set_script(true);
        browser.look(Look::Wide);
        browser.open("about:blank");
        browser.log();
        browser
    }

    fn driver(&self) -> &Driver {
        self.0.as_ref().unwrap()
    }

    pub(crate) fn open(&self, url: &str) {
        self.driver().post("url", json!({"url": url}));
    }

    /// The text of the first element with this selector, as a reader sees it.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.driver().element(selector);
        self.driver().get(&format!("{element}/text")).as_str().unwrap().to_owned()
    }

    /// Tells how many elements there are with this selector.
    pub(crate) fn count(&self, selector: &str) -> u64 {
        let counted = format!("document.querySelectorAll({}).length", Value::from(selector));
        self.evaluate(&counted).as_u64().unwrap()
    }

    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.driver().element(selector);
        self.driver().post(&format!("{element}/click"), json!({}));
    }

    /// Clicks what leads to another page, and waits for that.
    #[track_caller]
    pub(crate) fn follow(&self, selector: &str) {
        self.evaluate("window.isLeft = true");
        self.click(selector);
        self.until("window.isLeft === undefined && document.readyState == 'complete'");
    }

    /// Types into a field, behind what is in it.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.driver().element(selector);
        self.driver().post(&format!("{element}/value"), json!({"text": text}));
    }

    /// Puts text into a field as pasting does, or chooses an option of a list by its value.
    #[track_caller]
    pub(crate) fn put_into(&self, selector: &str, text: &str) {
        let script = "const field = document.querySelector(arguments[0]); \
                      field.value = arguments[1]; \
                      if (field.value.length != arguments[1].length) throw 'no such option'; \
                      for (const kind of ['input', 'change']) \
                          field.dispatchEvent(new Event(kind, {bubbles: true}));";
        self.driver().post("execute/sync", json!({"script": script, "args": [selector, text]}));
    }

    /// Presses keys, one after the other, at whatever has the focus.
    pub(crate) fn press(&self, keys: &[char]) {
        let actions: Vec<_> = keys
            .iter()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key})))
            .collect();
        let actions = json!([{"type": "key", "id": "keyboard", "actions": actions}]);
        self.driver().post("actions", json!({"actions": actions}));
    }

    /// The value of an expression on the page, also where pages may run no script.
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut evaluated = self.driver().devtools("Runtime.evaluate", &params);
        assert!(evaluated["exceptionDetails"].is_null(), "{evaluated}");
        evaluated["result"]["value"].take()
    }

    /// The text of every element with this selector.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let texts = format!(
            "[...document.querySelectorAll({})].map(element => element.innerText)",
            Value::from(selector)
        );
        serde_json::from_value(self.evaluate(&texts)).unwrap()
    }

    /// Waits until an expression on the page is true.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) {
        until(expression, || self.evaluate(expression) == true);
    }

    /// Lets pages run scripts or not.
    pub(crate) fn set_script(&self, is_on: bool) {
        let params = json!({"value": !is_on});
        self.driver().devtools("Emulation.setScriptExecutionDisabled", &params);
    }

    /// What went wrong since it was asked the last time, such as a violation of the policy of a page.
    pub(crate) fn log(&self) -> Vec<Value> {
        let log = self.driver().post("se/log", json!({"type": "browser"}));
        log.as_array().unwrap().clone()
    }

    /// Writes the page, as long as it is, to `target/console/NAME.png`.
    pub(crate) fn screenshot(&self, name: &str) {
        let metrics = self.driver().devtools("Page.getLayoutMetrics", &json!({}));
        let size = &metrics["cssContentSize"];
        let clip = json!({
            "x": 0, "y": 0, "scale": 1, "width": size["width"],
            "height": size["height"].as_f64().unwrap().min(4_000.0),
        });
        let params = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.driver().devtools("Page.captureScreenshot", &params);
        let image = STANDARD.decode(taken["data"].as_str().unwrap()).unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../console");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("{name}.png")), image).unwrap();
    }
}
