//! Against the real tools.
