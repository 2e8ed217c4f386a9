//! What every page has, and what none has.

use scraper::{ElementRef, Html, Selector};

use crate::samples;

fn pages() -> Vec<(&'static str, Html)> {
    let documents = samples::documents(&str::to_owned);
    documents.iter().map(|(name, html)| (*name, Html::parse_document(html))).collect()
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).expect("a selector")).collect()
}

#[test]
fn every_page_is_html_as_the_standard_has_it() {
    for (name, html) in pages() {
        assert_eq!(html.errors, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn every_page_has_one_heading_of_the_first_level_and_skips_none() {
    for (name, html) in pages() {
        let levels: Vec<_> = all(&html, "main h1, main h2, main h3")
            .iter()
            .map(|heading| heading.value().name().to_owned())
            .collect();
        assert_eq!(levels.first().map(String::as_str), Some("h1"), "{name}");
        assert_eq!(levels.iter().filter(|level| *level == "h1").count(), 1, "{name}");
        for pair in levels.windows(2) {
            assert!(
                pair[1] <= format!("h{}", pair[0][1..].parse::<u8>().expect("a level") + 1),
                "{name}: {levels:?}"
            );
        }
    }
}

#[test]
fn every_field_of_a_form_has_a_label() {
    for (name, html) in pages() {
        for field in all(&html, "input, select, textarea") {
            let is_within = field
                .ancestors()
                .filter_map(ElementRef::wrap)
                .any(|element| element.value().name() == "label");
            let is_named = field.attr("id").is_some_and(|id| {
                all(&html, "label").iter().any(|label| label.attr("for") == Some(id))
            });
            assert!(is_within || is_named, "{name}: {}", field.html());
        }
    }
}

#[test]
fn references_within_a_page_lead_somewhere() {
    for (name, html) in pages() {
        let mut ids: Vec<_> =
            all(&html, "[id]").iter().filter_map(|element| element.attr("id")).collect();
        let number = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), number, "{name} has an id twice: {ids:?}");
        for element in all(&html, "[aria-describedby], [for], a[href^='#']") {
            for attribute in ["aria-describedby", "for", "href"] {
                let Some(id) = element.attr(attribute) else { continue };
                let id = id.trim_start_matches('#');
                assert!(ids.contains(&id), "{name}: nothing has the id `{id}`");
            }
        }
    }
}

#[test]
fn tables_say_what_they_are_and_what_their_heads_are_of() {
    for (name, html) in pages() {
        for table in all(&html, "table") {
            assert!(table.html().contains("<caption"), "{name}");
        }
        for head in all(&html, "th") {
            assert!(matches!(head.attr("scope"), Some("col" | "row")), "{name}: {}", head.html());
        }
    }
}

#[test]
fn regions_of_a_page_have_names_of_their_own() {
    for (name, html) in pages() {
        let mut names: Vec<_> = all(&html, "[role=region], nav, aside, form[role=search]")
            .iter()
            .map(|region| region.attr("aria-label").expect("a name").to_owned())
            .collect();
        names.sort_unstable();
        let number = names.len();
        names.dedup();
        assert_eq!(names.len(), number, "{name}: {names:?}");
    }
}

#[test]
fn pictures_are_told_or_hidden() {
    for (name, html) in pages() {
        for picture in all(&html, "svg") {
            let is_told =
                picture.attr("role") == Some("img") && picture.attr("aria-label").is_some();
            assert!(is_told || picture.attr("aria-hidden") == Some("true"), "{name}");
        }
    }
}

#[test]
fn nothing_is_inline_that_the_content_security_policy_forbids() {
    for (name, html) in pages() {
        assert_eq!(all(&html, "style").len(), 0, "{name}");
        for script in all(&html, "script") {
            assert_eq!(script.inner_html(), "", "{name}");
            assert_eq!(script.attr("src"), Some("/assets/console.js"), "{name}");
        }
        for element in all(&html, "*") {
            for (attribute, _) in element.value().attrs() {
                assert!(
                    attribute != "style" && !attribute.starts_with("on"),
                    "{name}: {attribute}"
                );
            }
        }
    }
}

#[test]
fn links_lead_to_this_server_or_to_pages_elsewhere() {
    for (name, html) in pages() {
        for link in all(&html, "a") {
            let href = link.attr("href").unwrap_or_else(|| panic!("{name}: {}", link.html()));
            assert!(
                ["/", "#", "https://"].iter().any(|start| href.starts_with(start)),
                "{name}: {href}"
            );
        }
    }
}

#[test]
fn what_only_the_script_can_do_is_hidden() {
    for (name, html) in pages() {
        for button in all(&html, "button[type=button]") {
            let is_hidden = button
                .ancestors()
                .filter_map(ElementRef::wrap)
                .any(|element| element.attr("hidden").is_some());
            assert!(is_hidden, "{name}: {}", button.html());
        }
    }
}

#[test]
fn the_navigation_tells_where_the_reader_is() {
    let current = |name: &str| {
        let (_, html) = pages().into_iter().find(|page| page.0 == name).expect("the page");
        all(&html, "nav [aria-current]")
            .iter()
            .map(|link| {
                (link.inner_html(), link.attr("aria-current").unwrap_or_default().to_owned())
            })
            .collect::<Vec<_>>()
    };
    let is = |name: &str, current: &str| vec![(name.to_owned(), current.to_owned())];
    assert_eq!(current("policies"), is("Policies", "page"));
    assert_eq!(current("decisions-no-match"), is("Decisions", "page"));
    assert_eq!(current("decision"), is("Decisions", "true"));
}
