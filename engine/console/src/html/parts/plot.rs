use std::fmt::Write as _;

use maud::{Markup, html};

use crate::model::{Rates, Sample};
use crate::number::{count, duration, period};

/// The height of a plot in its own units.
const HEIGHT: u64 = 24;
/// The most points of a plot, and of one that is as small as a word.
const POINTS: usize = 60;
const FEW_POINTS: usize = 30;

/// The decisions of the last minutes, as small as a word.
pub(in crate::html) fn sparkline(rates: &Rates) -> Markup {
    DecisionsPlot::new(rates, FEW_POINTS).svg()
}

/// The decisions of the last minutes, with what the areas mean.
pub(in crate::html) fn plot_of_decisions(rates: &Rates) -> Markup {
    let plot = DecisionsPlot::new(rates, POINTS);
    html! {
        figure {
            figcaption {
                "Decisions in " (period(plot.seconds)) ", at most " (count(plot.most)) " "
                span.key.all { "all" } " " span.key.denied { "denied" } " "
                span.key.failed { "failed" }
            }
            (plot.svg())
        }
    }
}

/// The times of the last minutes, with what the areas mean.
pub(in crate::html) fn plot_of_times(rates: &Rates) -> Markup {
    let nanoseconds = |seconds: Option<f64>| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what is too large or negative becomes the largest or zero"
        )]
        let nanoseconds = (seconds.unwrap_or_default() * 1e9) as u64;
        nanoseconds
    };
    let times = |time: fn(&Sample) -> Option<f64>| {
        let size = group_size(rates.samples.len(), POINTS);
        grouped(&rates.samples, size, |group| {
            group.iter().map(|sample| nanoseconds(time(sample))).max().unwrap_or_default()
        })
    };
    let (p50, p99) = (times(|sample| sample.p50_seconds), times(|sample| sample.p99_seconds));
    let most = p99.iter().copied().max().unwrap_or_default();
    let longest = rates.samples.iter().filter_map(|sample| sample.p99_seconds).fold(0.0, f64::max);
    let label = if most == 0 {
        "No decision has a time".to_owned()
    } else {
        format!("99 of 100 decisions took at most {} in the slowest interval", duration(longest))
    };
    html! {
        figure {
            figcaption {
                "Times of decisions" @if most > 0 { ", at most " (duration(longest)) } " "
                span.key.p99 { "p99" } " " span.key.p50 { "p50" }
            }
            (svg(&label, most, &[("p99", p99), ("p50", p50)]))
        }
    }
}

/// Areas of all decisions, of those not allowed, and of those that failed, one before the other.
struct DecisionsPlot {
    all: Vec<u64>,
    not_allowed: Vec<u64>,
    failed: Vec<u64>,
    /// The most decisions at one point.
    most: u64,
    /// The time of one point.
    seconds: u64,
    /// In all points.
    sum: Sample,
}

impl DecisionsPlot {
    fn new(rates: &Rates, most_points: usize) -> Self {
        let samples = &rates.samples;
        let size = group_size(samples.len(), most_points);
        let sum =
            |number: fn(&Sample) -> u64| samples.iter().map(number).fold(0, u64::saturating_add);
        let points = |number: fn(&Sample) -> u64| {
            grouped(samples, size, |group| group.iter().map(number).fold(0, u64::saturating_add))
        };
        let all = points(|sample| sample.decisions);
        Self {
            most: all.iter().copied().max().unwrap_or_default(),
            all,
            not_allowed: points(|sample| sample.denied.saturating_add(sample.failed)),
            failed: points(|sample| sample.failed),
            seconds: rates.interval_seconds.saturating_mul(size as u64),
            sum: Sample {
                decisions: sum(|sample| sample.decisions),
                denied: sum(|sample| sample.denied),
                failed: sum(|sample| sample.failed),
                ..Sample::default()
            },
        }
    }

    fn label(&self) -> String {
        format!(
            "{} decisions, {} denied, {} failed; at most {} in {}",
            count(self.sum.decisions),
            count(self.sum.denied),
            count(self.sum.failed),
            count(self.most),
            period(self.seconds)
        )
    }

    fn svg(self) -> Markup {
        let label = self.label();
        let areas = [("all", self.all), ("denied", self.not_allowed), ("failed", self.failed)];
        svg(&label, self.most, &areas)
    }
}

/// Areas below steps, each before the one that precedes it.
fn svg(label: &str, most: u64, areas: &[(&str, Vec<u64>)]) -> Markup {
    let points = areas.iter().map(|(_, numbers)| numbers.len()).max().unwrap_or_default().max(1);
    html! {
        svg.plot role="img" aria-label=(label) viewBox={ "0 0 " (points) " " (HEIGHT) }
            preserveAspectRatio="none" {
            @for (class, numbers) in areas {
                @if numbers.iter().any(|number| *number > 0) {
                    path class=(class) d=(steps(numbers, most)) {}
                }
            }
        }
    }
}

/// The outline of steps, as the commands of a path. What is more than nothing can be seen.
fn steps(numbers: &[u64], most: u64) -> String {
    let mut path = format!("M0 {HEIGHT}");
    let mut last = None;
    for (place, number) in numbers.iter().enumerate() {
        let scaled = u128::from(*number) * u128::from(HEIGHT) / u128::from(most.max(1));
        let height = u64::try_from(scaled).unwrap_or(HEIGHT).min(HEIGHT);
        let top = HEIGHT - height.max(u64::from(*number > 0));
        // The same height goes on.
        if last != Some(top) {
            if place > 0 {
                let _ = write!(path, "H{place}");
            }
            let _ = write!(path, "V{top}");
        }
        last = Some(top);
    }
    let _ = write!(path, "H{}V{HEIGHT}", numbers.len());
    path
}

/// A number for each group of samples.
fn grouped(samples: &[Sample], size: usize, number: impl Fn(&[Sample]) -> u64) -> Vec<u64> {
    samples.chunks(size).map(number).collect()
}

/// The samples that are one point, so that there are few enough.
fn group_size(samples: usize, most_points: usize) -> usize {
    samples.div_ceil(most_points).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_on_while_the_height_is_the_same() {
        assert_eq!(steps(&[0, 5, 5, 10], 10), "M0 24V24H1V12H3V0H4V24");
    }

    #[test]
    fn one_of_many_can_be_seen() {
        assert_eq!(steps(&[1, u64::MAX], u64::MAX), "M0 24V23H1V0H2V24");
    }

    #[test]
    fn a_plot_has_no_more_points_than_can_be_seen() {
        let samples = vec![Sample { decisions: 1, ..Sample::default() }; 300];
        let rates = Rates { interval_seconds: 2, samples, ..Rates::default() };
        let plot = DecisionsPlot::new(&rates, POINTS);
        assert_eq!(plot.all, vec![5; 60]);
        assert_eq!(plot.seconds, 10);
    }

    #[test]
    fn a_plot_of_nothing_is_empty() {
        let html = sparkline(&Rates::default()).into_string();
        assert!(
            html.contains("0 decisions, 0 denied, 0 failed") && !html.contains("path"),
            "{html}"
        );
    }
}
