use maud::Markup;
use serde::Serialize;

/// A page of the console.
pub trait Page: Serialize {
    /// The page's title.
    fn title(&self) -> String;

    /// The page's content, below its title.
    fn html(&self) -> Markup;

    /// It is JSON under the same path. What a form was answered with is not.
    fn is_at_its_path(&self) -> bool {
        true
    }
}
