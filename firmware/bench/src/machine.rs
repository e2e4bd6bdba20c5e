//! Where it was measured, and the memory of this process; out of `/proc`.

use std::fs;

use serde::Serialize;

/// What the numbers depend on.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Threads that it runs at once.
    pub threads: usize,
    /// Load average of the last minute when the run began: above the threads, others
    /// were in the way and wall-clock times are too long.
    pub load_before: Option<f64>,
    /// The same when it ended.
    pub load_after: Option<f64>,
}

impl Machine {
    /// As it is now.
    pub fn look() -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            processor: value(&processors, "model name").unwrap_or("unknown").to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            load_before: load(),
            load_after: None,
        }
    }

    /// Notes how busy it is at the end.
    pub fn note_end(&mut self) {
        self.load_after = load();
    }
}

/// The most memory that this process has held at once, in MiB.
pub fn peak_memory_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kib: f64 = value(&status, "VmHWM")?.strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == key).then(|| value.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_whole_name() {
        let text = "VmHWMx:\t1 kB\nVmHWM:\t  2048 kB\n";
        assert_eq!(value(text, "VmHWM"), Some("2048 kB"));
        assert_eq!(value(text, "VmH"), None);
    }
}
