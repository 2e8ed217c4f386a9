//! Figures of a process, as the kernel tells them.

use std::{fs, io};

/// The kernel counts processor time in these, for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// A figure of `/proc/PID/status`, in megabytes: `VmRSS` now, `VmHWM` at most so far.
pub(crate) fn megabytes(process: u32, name: &str) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kibibytes = field(&status, name).and_then(|text| text.strip_suffix(" kB")?.parse().ok());
    kibibytes
        .map(|kibibytes: f64| kibibytes * 1024.0 / 1e6)
        .ok_or_else(|| io::Error::other(format!("no `{name}` of a process")))
}

/// Times that a thread of the process began to run, so far: the context switches of them all.
pub(crate) fn wake_ups(process: u32) -> io::Result<f64> {
    let mut switches = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end before it is looked at.
        let Ok(status) = fs::read_to_string(thread?.path().join("status")) else { continue };
        for name in ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"] {
            let count = field(&status, name).and_then(|text| text.parse::<f64>().ok());
            switches +=
                count.ok_or_else(|| io::Error::other(format!("no `{name}` of a thread")))?;
        }
    }
    Ok(switches)
}

/// The processor time of all threads so far, in milliseconds, to ten of these.
pub(crate) fn processor_milliseconds(process: u32) -> io::Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, can have blanks. Behind it `utime` and `stime` are the 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    let ticks = ticks.sum::<Result<f64, _>>().map_err(io::Error::other)?;
    Ok(ticks / TICKS_PER_SECOND * 1e3)
}

fn field<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.trim())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};
    use std::{process, thread};

    use super::*;

    #[test]
    fn sleeping_wakes_and_working_takes_processor_time() {
        let start = Instant::now();
        let before = wake_ups(process::id()).unwrap();
        // Threads of other tests end meanwhile, and what they were woken is no longer counted.
        while wake_ups(process::id()).unwrap() <= before {
            assert!(start.elapsed() < Duration::from_mins(1), "no wake-up is counted");
            thread::sleep(Duration::from_millis(1));
        }
        let before = processor_milliseconds(process::id()).unwrap();
        // However busy the machine is, this thread gets its turn.
        while processor_milliseconds(process::id()).unwrap() <= before {
            assert!(start.elapsed() < Duration::from_mins(1), "no processor time is counted");
        }
    }

    #[test]
    fn field_is_found_by_its_whole_name() {
        let status = "nonvoluntary_ctxt_switches:\t7\nvoluntary_ctxt_switches:\t5\nVmRSS:\t 4 kB\n";
        assert_eq!(field(status, "voluntary_ctxt_switches"), Some("5"));
        assert_eq!(field(status, "VmRSS"), Some("4 kB"));
        assert_eq!(field(status, "VmR"), None);
    }
}
