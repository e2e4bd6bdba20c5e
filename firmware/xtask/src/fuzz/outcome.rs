//! What libFuzzer says of a run, as numbers.

/// One target's run.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub target: String,
    /// Inputs tried.
    pub executions: u64,
    /// Branches taken by any input.
    pub coverage: u64,
    /// The most memory, in MiB.
    pub memory: u64,
    /// The file with the input that broke something.
    pub finding: Option<String>,
    /// What it broke, in libFuzzer's or the panic's words.
    pub what: String,
}

impl Outcome {
    /// Reads a log. `None`: it did not even come to try an input.
    pub fn read(target: &str, log: &str, ended_well: bool) -> Option<Self> {
        let executions = statistic(log, "number_of_executed_units")?;
        let written = log.lines().rev().find_map(|line| line.split_once("Test unit written to "));
        let finding = written.map(|(_, file)| file.trim().to_owned());
        Some(Self {
            target: target.to_owned(),
            executions,
            coverage: log.lines().rev().find_map(coverage).unwrap_or_default(),
            memory: statistic(log, "peak_rss_mb").unwrap_or_default(),
            // Whatever ends a run early is a finding, even where no input was kept. An input
            // that was only slow is written too, but the run goes on.
            finding: (!ended_well).then(|| finding.unwrap_or_else(|| "none was kept".to_owned())),
            what: what(log),
        })
    }

    /// For the table.
    pub fn line(&self) -> String {
        let Self { target, executions, coverage, memory, finding, .. } = self;
        let found = if finding.is_some() { "FOUND SOMETHING" } else { "nothing found" };
        format!("{target:<16} {executions:>9} inputs {coverage:>6} branches {memory:>5} MiB  {found}")
    }
}

fn statistic(log: &str, name: &str) -> Option<u64> {
    let line = log.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name))?;
    line.trim_start_matches(':').trim().parse().ok()
}

fn coverage(line: &str) -> Option<u64> {
    let (_, behind) = line.split_once(" cov: ")?;
    behind.split_whitespace().next()?.parse().ok()
}

/// A panic has two lines of its own; the rest libFuzzer says in one.
fn what(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    if let Some(at) = lines.iter().position(|line| line.contains("panicked at")) {
        return lines[at..].iter().take(2).map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    }
    let error = lines.iter().find_map(|line| line.split_once("ERROR: libFuzzer: "));
    error.map_or("it ended early", |(_, what)| what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: &str = "\
#2\tINITED cov: 310 ft: 311 corp: 1/668b exec/s: 0 rss: 50Mb
#1048576\tpulse  cov: 512 ft: 900 corp: 40/9Kb lim: 4096 exec/s: 104857 rss: 80Mb
Done 1100000 runs in 11 second(s)
stat::number_of_executed_units: 1100000
stat::average_exec_per_sec:     100000
stat::peak_rss_mb:              81
";
    const PANIC: &str = "\
#2\tINITED cov: 310 ft: 311 corp: 1/668b exec/s: 0 rss: 50Mb

thread '<unnamed>' (7) panicked at firmware/card/src/tlv.rs:12:34:
attempt to add with overflow
==7== ERROR: libFuzzer: deadly signal
artifact_prefix='out/'; Test unit written to out/crash-00ff
stat::number_of_executed_units: 77
stat::peak_rss_mb:              60
";

    #[test]
    fn a_quiet_run_is_read() {
        let outcome = Outcome::read("com", QUIET, true).unwrap();
        assert_eq!((outcome.executions, outcome.coverage, outcome.memory), (1_100_000, 512, 81));
        assert_eq!(outcome.finding, None);
    }

    #[test]
    fn a_panic_is_a_finding_with_its_place_and_input() {
        let outcome = Outcome::read("com", PANIC, false).unwrap();
        assert_eq!(outcome.finding.as_deref(), Some("out/crash-00ff"));
        assert!(outcome.what.ends_with("tlv.rs:12:34: attempt to add with overflow"), "{}", outcome.what);
    }

    #[test]
    fn too_much_memory_is_a_finding_in_libfuzzers_words() {
        let log = PANIC.replace("deadly signal", "out-of-memory (used: 1100Mb; limit: 1024Mb)");
        let log = log.lines().filter(|line| !line.contains("panicked")).collect::<Vec<_>>().join("\n");
        let outcome = Outcome::read("com", &log, false).unwrap();
        assert!(outcome.what.starts_with("out-of-memory"), "{}", outcome.what);
    }

    #[test]
    fn a_run_that_ends_badly_is_a_finding_even_without_an_input() {
        assert!(Outcome::read("com", QUIET, false).unwrap().finding.is_some());
    }

    #[test]
    fn an_input_that_was_only_slow_is_no_finding() {
        let log = format!("Test unit written to out/slow-unit-00\n{QUIET}");
        assert_eq!(Outcome::read("com", &log, true).unwrap().finding, None);
    }

    #[test]
    fn a_program_that_never_ran_has_no_outcome() {
        assert_eq!(Outcome::read("com", "sh: cannot execute", false), None);
    }
}
