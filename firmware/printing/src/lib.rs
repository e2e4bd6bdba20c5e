//! printing
