//! JUnit's XML, as [Jenkins describes it][xsd]: a suite a file, and a test case for each
//! case. What breaks a rule is a failure, and what could not be looked at is an error.
//!
//! [xsd]: https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Case, Report};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let name = format!("{} {}", report.tool.name, report.words.command);
    suite(&mut writer, "testsuites", &name, &report.cases, |writer| {
        for cases in report.files() {
            let name = cases.first().map_or("", Case::file_name);
            suite(writer, "testsuite", name, cases, |writer| {
                cases.iter().try_for_each(|case| test_case(writer, report, case))
            })?;
        }
        Ok(())
    })?;
    writer.get_mut().write_all(b"\n")
}

type Xml<'a> = Writer<&'a mut dyn Write>;

/// An element with its counts.
fn suite<'a>(
    writer: &mut Xml<'a>,
    element: &'static str,
    name: &str,
    cases: &[Case],
    inside: impl FnOnce(&mut Xml<'a>) -> io::Result<()>,
) -> io::Result<()> {
    let count = |is: fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count().to_string();
    let mut start = BytesStart::new(element);
    attribute(&mut start, "name", name);
    attribute(&mut start, "tests", &cases.len().to_string());
    attribute(&mut start, "failures", &count(Case::is_failed));
    attribute(&mut start, "errors", &count(Case::is_broken));
    writer.write_event(Event::Start(start))?;
    inside(writer)?;
    writer.write_event(Event::End(BytesEnd::new(element)))
}

fn test_case(writer: &mut Xml<'_>, report: &Report, case: &Case) -> io::Result<()> {
    let mut start = BytesStart::new("testcase");
    attribute(&mut start, "classname", &case.judge);
    attribute(&mut start, "name", &case.name);
    let problems = case.problems(report.words);
    let Some(first) = problems.first() else {
        return writer.write_event(Event::Empty(start));
    };
    writer.write_event(Event::Start(start))?;
    let (element, kind) = if case.is_broken() {
        ("error", report.words.broken)
    } else {
        ("failure", report.words.failed)
    };
    let mut start = BytesStart::new(element);
    attribute(&mut start, "type", kind);
    attribute(&mut start, "message", &first.text);
    writer.write_event(Event::Start(start))?;
    let mut text = String::new();
    for problem in &problems {
        if let Some((line, column)) = problem.place {
            text.extend([case.file_name(), &format!(":{line}:{column}: ")]);
        }
        if let Some(check) = problem.check {
            text.extend(["[", check, "] "]);
        }
        text.extend([&problem.text, "\n"]);
    }
    writer.write_event(Event::Text(BytesText::new(&representable(&text))))?;
    writer.write_event(Event::End(BytesEnd::new(element)))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

/// Line breaks in an attribute would be read as spaces.
fn attribute(element: &mut BytesStart<'_>, name: &str, value: &str) {
    let value = representable(value);
    element.push_attribute((name, &*value));
}

/// Replaces what XML has no way to write: most control characters, and two that Unicode reserves.
fn representable(text: &str) -> Cow<'_, str> {
    let is_representable = |character: char| matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(is_representable) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_representable(character) {
            escaped.push(character);
        } else {
            escaped.extend(character.escape_unicode());
        }
    }
    Cow::Owned(escaped)
}
