//! The process's own figures, by the names that Prometheus' clients have in common, as Linux tells
//! them in `/proc`.

#[cfg(target_os = "linux")]
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{Counter, IntGauge, Opts, Registry};
use rustix::process::{Resource, getrlimit};
#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

use crate::system::proc_file::{OpenFiles, ProcFile};

/// Figures of the process that serves.
#[derive(Debug)]
pub(super) struct ProcessMetrics {
    stat: ProcFile,
    files: Option<OpenFiles>,
    cpu: Counter,
    open_files: IntGauge,
    virtual_bytes: IntGauge,
    resident_bytes: IntGauge,
    threads: IntGauge,
}

impl ProcessMetrics {
    /// Registers them; `None` where the system does not tell them.
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Option<Self>> {
        let Ok(file) = ProcFile::open("/proc/self/stat") else { return Ok(None) };
        let Some((figures, boot)) = Figures::read(&file).zip(boot_seconds()) else {
            return Ok(None);
        };
        let gauge = |name: &str, help: &str| {
            let gauge = IntGauge::with_opts(Opts::new(name, help))?;
            registry.register(Box::new(gauge.clone()))?;
            Ok::<_, prometheus::Error>(gauge)
        };
        let cpu = Counter::with_opts(Opts::new(
            "process_cpu_seconds_total",
            "Total user and system CPU time spent in seconds.",
        ))?;
        registry.register(Box::new(cpu.clone()))?;
        let most = gauge("process_max_fds", "Maximum number of open file descriptors.")?;
        most.set(getrlimit(Resource::Nofile).current.map_or(i64::MAX, saturated));
        let start = gauge(
            "process_start_time_seconds",
            "Start time of the process since unix epoch in seconds.",
        )?;
        start.set(saturated(boot + figures.start_ticks / rustix::param::clock_ticks_per_second()));
        let metrics = Self {
            stat: file,
            files: OpenFiles::open().ok(),
            cpu,
            open_files: gauge("process_open_fds", "Number of open file descriptors.")?,
            virtual_bytes: gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.")?,
            resident_bytes: gauge(
                "process_resident_memory_bytes",
                "Resident memory size in bytes.",
            )?,
            threads: gauge("process_threads", "Number of OS threads in the process.")?,
        };
        Ok(Some(metrics))
    }

    /// Sets them to what they are now.
    pub(super) fn measure(&self) {
        if let Some(figures) = Figures::read(&self.stat) {
            let passed = figures.cpu_seconds() - self.cpu.get();
            // Of two that measure at the same time, one may be late.
            self.cpu.inc_by(passed.max(0.0));
            self.virtual_bytes.set(saturated(figures.virtual_bytes));
            let page = rustix::param::page_size() as u64;
            self.resident_bytes.set(saturated(figures.resident_pages.saturating_mul(page)));
            self.threads.set(saturated(figures.threads));
        }
        if let Some(files) = self.files.as_ref().and_then(OpenFiles::count) {
            self.open_files.set(saturated(files as u64));
        }
    }
}

/// Figures of `/proc/self/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Figures {
    /// Of the process's own code, and of the system's for it.
    cpu_ticks: u64,
    threads: u64,
    /// From the machine's start.
    start_ticks: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Figures {
    fn read(stat: &ProcFile) -> Option<Self> {
        Self::parse(&stat.read()?)
    }

    /// Parses the line that `proc_pid_stat(5)` describes. The second field is the program's name, with
    /// whatever is in it, in parentheses.
    fn parse(line: &str) -> Option<Self> {
        let (_, from_third) = line.rsplit_once(") ")?;
        let fields: Vec<_> = from_third.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Self {
            cpu_ticks: field(14)?.saturating_add(field(15)?),
            threads: field(20)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "exact for 2^53 ticks, which no process lives")]
    fn cpu_seconds(&self) -> f64 {
        self.cpu_ticks as f64 / rustix::param::clock_ticks_per_second() as f64
    }
}

/// When the machine was started, in seconds since 1970. `/proc/stat` says it too, but to read it takes
/// longer the more processors and devices a machine has.
#[cfg(target_os = "linux")]
fn boot_seconds() -> Option<u64> {
    let up = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    now.checked_sub(up).map(|started| started.as_secs())
}

#[cfg(not(target_os = "linux"))]
fn boot_seconds() -> Option<u64> {
    None
}

fn saturated(figure: u64) -> i64 {
    i64::try_from(figure).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_whatever_the_program_is_called() {
        let line = "42 (a) b) S 1 42 42 0 -1 4194560 500 0 0 0 250 50 0 0 20 0 7 0 9000 1048576 300 \
                    18446744073709551615 1 1 0 0 0 0 0 4096 81920 0 0 0 17 1 0 0 0 0 0\n";
        let expected = Figures {
            cpu_ticks: 300,
            threads: 7,
            start_ticks: 9000,
            virtual_bytes: 1_048_576,
            resident_pages: 300,
        };
        assert_eq!(Figures::parse(line), Some(expected));
        for text in ["", "42 (a) S 1", &line.replace("9000", "x")] {
            assert_eq!(Figures::parse(text), None, "{text}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn figures_of_this_process_are_registered() {
        let registry = Registry::new();
        let metrics = ProcessMetrics::new(&registry).unwrap().unwrap();
        metrics.measure();
        assert_eq!(registry.gather().len(), 7);
        assert!(metrics.resident_bytes.get() > 1 << 20 && metrics.open_files.get() >= 3);
        assert!(metrics.virtual_bytes.get() > metrics.resident_bytes.get());
        assert!(metrics.threads.get() >= 1);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn machine_was_started_when_the_system_says() {
        let text = std::fs::read_to_string("/proc/stat").unwrap();
        let said = text.lines().find_map(|line| line.strip_prefix("btime ")).unwrap();
        assert!(boot_seconds().unwrap().abs_diff(said.trim().parse().unwrap()) <= 1);
    }
}
