use super::saved::Measurements;
use crate::cli::output;

/// For people: a row a document, with what it took before where that is known.
pub(super) fn table(now: &Measurements, before: Option<&Measurements>) -> String {
    let mut header =
        vec!["INPUT", "P50", "P90", "P99", "MAX", "CPU", "ALLOCATIONS", "BYTES", "INSTRUCTIONS"];
    if before.is_some() {
        header.push("P50 BEFORE");
    }
    let rows = now.documents.iter().map(|document| {
        let times = document.nanoseconds;
        let mut row = vec![document.input.clone()];
        row.extend([times.p50, times.p90, times.p99, times.max].map(time));
        row.push(document.cpu_nanoseconds.map_or("-".to_owned(), time));
        let counts = [document.allocations, document.allocated_bytes, document.instructions];
        row.extend(counts.map(|count| count.map_or("-".to_owned(), |count| count.to_string())));
        if let Some(before) = before {
            let same = before.documents.iter().find(|one| one.input == document.input);
            row.push(same.map_or("-".to_owned(), |before| time(before.nanoseconds.p50)));
        }
        row
    });
    let rows: Vec<_> = rows.collect();
    let decisions: u64 = now.documents.iter().map(|document| document.decisions).sum();
    let table = output::table(&header, rows);
    format!("{table}\n{} {}: {decisions} decisions\n", now.policy, now.version)
}

/// Nanoseconds in the unit that is read most easily.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds:.0} ns"),
        ..1e6 => format!("{:.2} µs", nanoseconds / 1e3),
        ..1e9 => format!("{:.2} ms", nanoseconds / 1e6),
        _ => format!("{:.2} s", nanoseconds / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_that_fits() {
        let times = [7.0, 999.4, 1500.0, 2.5e6, 3.25e9].map(time);
        assert_eq!(times, ["7 ns", "999 ns", "1.50 µs", "2.50 ms", "3.25 s"]);
    }
}
