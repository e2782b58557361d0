//! The one checking reader of JSON that every format of this crate stands on.
//!
//! [`Reader`] walks a text once and refuses everything that two readers could understand differently: duplicate keys,
//! lone surrogates, invalid UTF-8, trailing data, numbers outside the grammar, and more depth or size than [`Limits`]
//! allow. It allocates only a stack of open containers and their keys. Parts that nobody has asked for yet stay what
//! they are in the input, as a checked slice: [`Raw`] borrowed, [`RawJson`] owned.

mod canonical;
mod error;
mod keys;
mod kind;
mod limits;
mod loose;
mod names;
mod open;
mod raw;
mod reader;
mod scan;
mod shapes;
mod spelling;
pub(crate) mod splice;
mod structural;
mod text;
mod tokens;
mod window;

pub use canonical::{write_canonical, write_canonical_string};
pub(crate) use error::At;
pub use error::{JsonError, JsonErrorKind, Place};
pub use kind::Kind;
pub use limits::Limits;
pub use loose::{Loose, LooseHasher};
pub use names::{NameFilter, last_part, plain_name};
pub(crate) use open::{Beginning, Open};

pub use raw::{Elements, Members, Raw, RawJson, RawKind};
pub use reader::Reader;
pub(crate) use spelling::is_spelling;
pub use structural::StructuralHasher;
pub(crate) use text::push_key as push_path_key;
pub(crate) use text::write_go;
pub use text::{quote_go, quote_safe};
pub(crate) use window::{CHUNK, Window, WindowError};
