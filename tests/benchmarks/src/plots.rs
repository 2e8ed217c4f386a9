//! Results as pictures: `results/*.svg`, bars on a logarithmic scale.

use std::error::Error;
use std::io;

use plotters::prelude::*;

use crate::paths;
use crate::results::{Quantity, Results, Row};
use crate::table::number;

const OURS: RGBColor = RGBColor(0x1f, 0x77, 0xb4);
const THEIRS: RGBColor = RGBColor(0x9a, 0xa5, 0xb1);
const WIDTH: u32 = 800;
const BAR: u32 = 34;

/// A picture: its file, its title, and the rows of which it shows the figures.
const PLOTS: [(&str, &str, &str); 6] = [
    (
        "decisions",
        "One decision of http-authz, JSON in and out, in µs",
        "one decision, `http-authz`",
    ),
    (
        "pods",
        "One decision of pod-security-restricted, in µs",
        "one decision, `pod-security-restricted`",
    ),
    ("http", "HTTP decisions a second, 16 connections", "HTTP decisions, 16 connections"),
    ("memory", "Memory under load, in MB", "memory, the most under that load"),
    ("start", "Start to first answer, in ms", "start to first answer"),
    (
        "builds",
        "http-authz edited, to a new release image, in s",
        "`http-authz` edited, to a new release image",
    ),
];

/// Writes every plot that there are results for.
pub(crate) fn write(results: &Results) -> io::Result<()> {
    let rows: Vec<&Row> = results.groups.values().flat_map(|group| &group.rows).collect();
    for (file, title, what) in PLOTS {
        let rows: Vec<_> =
            rows.iter().filter(|row| row.what == what && row.theirs.is_some()).collect();
        let Some(first) = rows.first() else { continue };
        let mut bars = vec![("policy-engine", &first.ours)];
        for row in &rows {
            bars.extend(row.theirs.as_ref().map(|theirs| (row.against.as_str(), theirs)));
        }
        let path = paths::own(&format!("results/{file}.svg"));
        draw(&path.to_string_lossy(), title, &bars)
            .map_err(|error| io::Error::other(format!("`{}`: {error}", path.display())))?;
    }
    Ok(())
}

fn draw(file: &str, title: &str, bars: &[(&str, &Quantity)]) -> Result<(), Box<dyn Error>> {
    let height = BAR * u32::try_from(bars.len())? + 70;
    let root = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let values = || bars.iter().map(|(_, quantity)| quantity.value);
    let least = values().fold(f64::INFINITY, f64::min) / 2.0;
    let most = values().fold(0.0, f64::max) * 4.0;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(0)
        .y_label_area_size(0)
        .build_cartesian_2d(
            (least..most).log_scale(),
            0.0..f64::from(u32::try_from(bars.len())?),
        )?;
    for (place, (name, quantity)) in (0u32..).zip(bars.iter().rev()) {
        let (bottom, value) = (f64::from(place), quantity.value);
        let colour = if *name == "policy-engine" { OURS } else { THEIRS };
        let corners = [(least, bottom + 0.12), (value, bottom + 0.88)];
        chart.draw_series([Rectangle::new(corners, colour.filled())])?;
        let label = format!("{}: {} {}", name.replace('`', ""), number(value), quantity.unit);
        let text = Text::new(label, (value * 1.03, bottom + 0.65), ("sans-serif", 14));
        chart.draw_series([text])?;
    }
    root.present()?;
    Ok(())
}
