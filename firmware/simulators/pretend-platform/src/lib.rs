//! pretend-platform
