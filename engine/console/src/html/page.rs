use maud::Markup;
use serde::Serialize;

/// A page of the console.
pub trait Page {
    /// The page's title.
    fn title(&self) -> String;

    /// The page's content, below its title.
    fn html(&self) -> Markup;

    /// The page as JSON.
    fn json(&self) -> Vec<u8>;

    /// It is JSON under the same path. What a form was answered with is not.
    fn is_at_its_path(&self) -> bool {
        true
    }
}

/// A model as JSON. Called by each page, so that all of this code is made here, where it is made to
/// be small, and not where pages are served.
pub(super) fn to_json(model: &impl Serialize) -> Vec<u8> {
    // Every model has a form in JSON.
    serde_json::to_vec(model).unwrap_or_default()
}
