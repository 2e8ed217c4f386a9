use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::prose;
use crate::model::ProblemPage;

impl Page for ProblemPage {
    fn title(&self) -> String {
        match self.status {
            400 | 413 | 422 => "This cannot be read",
            401 => "A token is needed",
            403 => "This is not allowed",
            404 => "There is no such page",
            405 => "This cannot be done here",
            429 | 503 => "Too much at once",
            _ => "Something went wrong",
        }
        .to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            p.lead { (prose(&self.message)) }
            p { a href="/" { "All policies" } " " span.muted { "Status " (self.status) } }
        }
    }
}
