//! How objects of one type behave in the memory world.

/// How objects of one type behave in the memory world. The attributes that are named stand at the top of the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kind {
    /// Attributes that the world sets when an object is made, to something that no object ever had, such as its id.
    pub computed: Vec<String>,
    /// Whether an object holds data that no attribute shows, and that are gone with it.
    pub is_stateful: bool,
    /// Attributes that are taken and never shown.
    pub write_only: Vec<String>,
    /// Numbers that may go up and never down, such as the version of an engine or the size of a disk. A change that lowers one
    /// is refused.
    pub one_way: Vec<String>,
    /// Attributes that are another one with every read.
    pub volatile: Vec<String>,
}

impl Kind {
    /// Objects that are what their attributes say, and nothing more.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// The same, and the world sets this attribute.
    #[must_use]
    pub fn with_computed(mut self, name: &str) -> Self {
        self.computed.push(name.to_owned());
        self
    }

    /// The same, and the objects hold data.
    #[must_use]
    pub fn stateful(mut self) -> Self {
        self.is_stateful = true;
        self
    }

    /// The same, and this attribute is never shown.
    #[must_use]
    pub fn with_write_only(mut self, name: &str) -> Self {
        self.write_only.push(name.to_owned());
        self
    }

    /// The same, and this number never goes down.
    #[must_use]
    pub fn with_one_way(mut self, name: &str) -> Self {
        self.one_way.push(name.to_owned());
        self
    }

    /// The same, and this attribute is another one with every read.
    #[must_use]
    pub fn with_volatile(mut self, name: &str) -> Self {
        self.volatile.push(name.to_owned());
        self
    }
}
