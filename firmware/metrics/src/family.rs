//! A family of series: what its name, kind, words and labels are.

use crate::Values;

/// How an engine should read a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, and begins anew with the program that counts.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts by size; begins anew with the program that counts.
    Histogram,
}

impl Kind {
    /// As in the text format.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A family of series.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, with its unit, as Prometheus names things.
    pub name: &'static str,
    /// How to read it.
    pub kind: Kind,
    /// One line for people.
    pub help: &'static str,
    /// Its labels, in order, and what each takes.
    pub labels: &'static [(&'static str, Values)],
    /// More series of it are refused: a kiosk must not fill an engine.
    pub most: usize,
}

impl Family {
    pub(crate) const fn counter(
        name: &'static str,
        help: &'static str,
        labels: &'static [(&'static str, Values)],
        most: usize,
    ) -> Self {
        Self { name, kind: Kind::Counter, help, labels, most }
    }

    pub(crate) const fn gauge(
        name: &'static str,
        help: &'static str,
        labels: &'static [(&'static str, Values)],
        most: usize,
    ) -> Self {
        Self { name, kind: Kind::Gauge, help, labels, most }
    }

    pub(crate) const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, help, labels: &[], most: 1 }
    }

    /// The names of its series: a histogram has three.
    pub fn series(&self) -> Vec<String> {
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![self.name.to_owned()],
            Kind::Histogram => ["_bucket", "_sum", "_count"].map(|end| format!("{}{end}", self.name)).into(),
        }
    }
}
