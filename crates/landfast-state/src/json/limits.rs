//! Bounds that a document is held to before anything is allocated for it.

/// Bounds of one JSON document. They are checked while the text is read, before memory is set aside for its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Nesting of objects and arrays, at most. Default 128; values over [`Limits::DEPTH_CEILING`] count as the ceiling,
    /// since value trees are walked on the call stack.
    pub max_depth: usize,
    /// Length of the document in bytes, at most. Default 1 GiB.
    pub max_bytes: usize,
    /// Number of values (scalars, objects, arrays) in the document, at most. Default 100 million.
    pub max_values: usize,
    /// Length of the text of one number in bytes, at most. Default 1,024 (terraform's 512-bit numbers need 155 digits).
    pub max_number_len: usize,
    /// Number of resource instances in the document, at most. Default 5 million.
    pub max_instances: usize,
}

impl Limits {
    /// No document may nest deeper than this, whatever `max_depth` says.
    pub const DEPTH_CEILING: usize = 512;

    /// The same limits without those of size and number, for a document that is read as a stream: nothing of what they
    /// bound is held then.
    #[must_use]
    pub fn of_any_size(self) -> Self {
        Self { max_bytes: usize::MAX, max_values: usize::MAX, max_instances: usize::MAX, ..self }
    }

    /// The depth in force: `max_depth`, but never over the ceiling.
    pub(crate) fn depth(&self) -> usize {
        self.max_depth.min(Self::DEPTH_CEILING)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 128,
            max_bytes: 1 << 30,
            max_values: 100_000_000,
            max_number_len: 1024,
            max_instances: 5_000_000,
        }
    }
}
