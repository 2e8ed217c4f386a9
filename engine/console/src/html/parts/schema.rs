use maud::{Markup, html};

use super::facts::raw;
use super::prose::prose;
use super::table::{Column, table};
use crate::model::Schema;

/// The fields of a schema, and the schema itself.
pub(in crate::html) fn schema(title: &str, schema: &Schema) -> Markup {
    let columns = [
        Column::Text("Field"),
        Column::Text("Type"),
        Column::Text("Default"),
        Column::Text("Description"),
    ];
    let rows = html! {
        @for field in &schema.fields {
            tr {
                th scope="row" { code { (field.path) } }
                td { (field.kind) }
                td {
                    @if let Some(default) = &field.default { code { (default) } }
                    @else if field.required { "required" }
                }
                td.prose { (prose(&field.description)) }
            }
        }
    };
    html! {
        section {
            h2 { (title) }
            @if schema.fields.is_empty() { p.muted { "The schema names no fields." } }
            @else { (table(title, &columns, &rows)) }
            (raw("JSON Schema", &schema.schema))
        }
    }
}
