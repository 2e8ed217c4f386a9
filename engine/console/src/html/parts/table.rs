use maud::{Markup, html};

/// The head of a column.
#[derive(Debug, Clone, Copy)]
pub(in crate::html) enum Column<'a> {
    /// Text, from the left.
    Text(&'a str),
    /// Numbers, which end at the right.
    Number(&'a str),
}

/// A table that scrolls by itself where it is wider than the page. Its caption is for those who
/// hear the page: the others see the heading above.
pub(in crate::html) fn table(caption: &str, columns: &[Column<'_>], rows: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption.vh { (caption) }
                thead {
                    tr {
                        @for column in columns {
                            @match *column {
                                Column::Text(name) => th scope="col" { (name) },
                                Column::Number(name) => th.n scope="col" { (name) },
                            }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}
